"""The rules for books."""

import pytest

from bookshop.errors import Conflict, NotFound
from bookshop.schemas.book import BookCreate, BookUpdate
from bookshop.services.book_service import BookService


@pytest.fixture
def service(session):
    return BookService(session)


@pytest.fixture
def payload(make_author):
    return BookCreate(
        isbn="9780156027601", title="Solaris", author_id=make_author().id, price_cents=1400
    )


def test_create_book_stores_it(service, payload):
    book = service.create_book(payload)
    assert service.get_book(book.id) == book


def test_create_book_refuses_an_isbn_that_is_taken(service, payload, make_book):
    make_book(isbn=payload.isbn)
    with pytest.raises(Conflict, match="ISBN '9780156027601' exists already"):
        service.create_book(payload)


def test_create_book_needs_its_author(service, payload):
    orphan = payload.model_copy(update={"author_id": 99})
    with pytest.raises(NotFound, match="no author with id 99"):
        service.create_book(orphan)


def test_get_book_that_does_not_exist(service):
    with pytest.raises(NotFound, match="no book with id 7"):
        service.get_book(7)


def test_update_book_keeps_what_is_left_out(service, make_book):
    book = make_book(title="Solaris", stock=5)
    updated = service.update_book(book.id, BookUpdate(stock=0))
    assert (updated.title, updated.stock) == ("Solaris", 0)


def test_delete_book_refuses_while_orders_name_it(service, make_book, make_order):
    book = make_book()
    make_order(book_id=book.id)
    with pytest.raises(Conflict, match="still has orders"):
        service.delete_book(book.id)
