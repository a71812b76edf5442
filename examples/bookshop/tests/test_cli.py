"""The commands, from their arguments to what they print."""

import pytest
from sqlalchemy import inspect

from bookshop import cli
from bookshop.database import get_engine
from bookshop.settings import get_settings


@pytest.fixture(autouse=True)
def database(tmp_path, monkeypatch):
    """Point the settings at a database file of the test's own."""
    monkeypatch.setenv("BOOKSHOP_DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    get_settings.cache_clear()
    get_engine.cache_clear()
    yield
    get_engine().dispose()
    get_settings.cache_clear()
    get_engine.cache_clear()


def test_create_tables_makes_every_table():
    assert cli.main(["create-tables"]) == 0
    tables = inspect(get_engine()).get_table_names()
    assert sorted(tables) == ["authors", "books", "customers", "orders"]


def test_cancel_stale_orders_says_how_many(capsys):
    cli.main(["create-tables"])
    assert cli.main(["cancel-stale-orders"]) == 0
    assert capsys.readouterr().out == "cancelled 0\n"


def test_restock_report_of_an_empty_shop_is_empty(capsys):
    cli.main(["create-tables"])
    assert cli.main(["restock-report", "--below", "5"]) == 0
    assert capsys.readouterr().out == ""


def test_a_command_is_required():
    with pytest.raises(SystemExit) as error:
        cli.main([])
    assert error.value.code == 2
