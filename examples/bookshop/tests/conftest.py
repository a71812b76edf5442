"""What the tests share: one empty database each, and makers that fill it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from bookshop.database import create_tables, open_session
from bookshop.main import create_app
from bookshop.models import Author, Base, Book, Customer, Order

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on a database of its own, in memory."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    create_tables(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def client(session: Session) -> Iterator[TestClient]:
    """The application, on the same database as ``session``."""
    app = create_app()
    app.dependency_overrides[open_session] = lambda: session
    with TestClient(app) as opened:
        yield opened


@pytest.fixture
def now() -> datetime:
    """The time at which the makers place orders."""
    return NOON


@pytest.fixture
def numbers() -> Iterator[int]:
    """Numbers that no two rows of a test share."""
    return count(1)


@pytest.fixture
def store(session: Session) -> Callable[[Base], Any]:
    """Store a row and return it."""

    def save(row: Base) -> Base:
        session.add(row)
        session.commit()
        return row

    return save


@pytest.fixture
def make_author(store: Callable, numbers: Iterator[int]) -> Callable[..., Author]:
    """Make an author; what the test does not care about is filled in."""

    def make(**fields: Any) -> Author:
        return store(Author(**{"name": f"Author {next(numbers)}", **fields}))

    return make


@pytest.fixture
def make_book(
    store: Callable, numbers: Iterator[int], make_author: Callable[..., Author]
) -> Callable[..., Book]:
    """Make a book; what the test does not care about is filled in."""

    def make(**fields: Any) -> Book:
        number = next(numbers)
        defaults = {
            "isbn": f"{number:013}",
            "title": f"Book {number}",
            "price_cents": 1250,
            "stock": 5,
        }
        if "author_id" not in fields:
            defaults["author_id"] = make_author().id
        return store(Book(**{**defaults, **fields}))

    return make


@pytest.fixture
def make_customer(store: Callable, numbers: Iterator[int]) -> Callable[..., Customer]:
    """Make a customer; what the test does not care about is filled in."""

    def make(**fields: Any) -> Customer:
        number = next(numbers)
        defaults = {"email": f"reader{number}@example.org", "name": f"Reader {number}"}
        return store(Customer(**{**defaults, **fields}))

    return make


@pytest.fixture
def make_order(
    store: Callable,
    numbers: Iterator[int],
    make_book: Callable[..., Book],
    make_customer: Callable[..., Customer],
) -> Callable[..., Order]:
    """Make an order; what the test does not care about is filled in."""

    def make(**fields: Any) -> Order:
        defaults = {
            "reference": f"R-{next(numbers)}",
            "quantity": 1,
            "total_cents": 1250,
            "placed_at": NOON,
        }
        if "customer_id" not in fields:
            defaults["customer_id"] = make_customer().id
        if "book_id" not in fields:
            defaults["book_id"] = make_book().id
        return store(Order(**{**defaults, **fields}))

    return make
