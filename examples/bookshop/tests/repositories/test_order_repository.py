"""The questions about orders, on a real database."""

from datetime import timedelta

import pytest

from bookshop.models import OrderStatus
from bookshop.repositories.order_repository import OrderRepository


@pytest.fixture
def repository(session):
    return OrderRepository(session)


def test_list_page_starts_with_the_newest(repository, make_order, now):
    second, first = make_order(placed_at=now - timedelta(days=1)), make_order()
    assert list(repository.list_page(limit=10, offset=0)) == [first, second]


def test_list_page_skips_the_offset(repository, make_order, now):
    second, _ = make_order(placed_at=now - timedelta(days=1)), make_order()
    assert list(repository.list_page(limit=10, offset=1)) == [second]


def test_find_by_reference(repository, make_order):
    order = make_order(reference="R-77")
    assert repository.find_by_reference("R-77") is order
    assert repository.find_by_reference("R-78") is None


def test_an_order_is_in_use_until_it_moves_on(repository, make_order):
    assert repository.is_in_use(make_order(status=OrderStatus.PLACED))
    assert not repository.is_in_use(make_order(status=OrderStatus.SHIPPED))


def test_list_waiting_since_leaves_out_the_young_and_the_shipped(repository, make_order, now):
    old = make_order(placed_at=now - timedelta(days=20))
    make_order(placed_at=now)
    make_order(placed_at=now - timedelta(days=20), status=OrderStatus.SHIPPED)
    assert list(repository.list_waiting_since(now - timedelta(days=14))) == [old]


def test_a_time_comes_back_with_its_zone(repository, session, make_order, now):
    order = make_order(placed_at=now)
    session.expire(order)
    assert order.placed_at == now
