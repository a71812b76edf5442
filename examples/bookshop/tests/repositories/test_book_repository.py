"""The questions about books, on a real database."""

import pytest

from bookshop.repositories.book_repository import BookRepository


@pytest.fixture
def repository(session):
    return BookRepository(session)


def test_list_page_sorts_by_title(repository, make_book):
    second, first = make_book(title="Possession"), make_book(title="Arrow of God")
    assert list(repository.list_page(limit=10, offset=0)) == [first, second]


def test_list_page_skips_the_offset(repository, make_book):
    second, _ = make_book(title="Possession"), make_book(title="Arrow of God")
    assert list(repository.list_page(limit=10, offset=1)) == [second]


def test_find_by_isbn(repository, make_book):
    book = make_book(isbn="9780156027601")
    assert repository.find_by_isbn("9780156027601") is book
    assert repository.find_by_isbn("9780156027602") is None


def test_a_book_with_an_order_is_in_use(repository, make_book, make_order):
    book = make_book()
    assert not repository.is_in_use(book)
    make_order(book_id=book.id)
    assert repository.is_in_use(book)


def test_list_scarce_starts_with_the_scarcest(repository, make_book):
    make_book(stock=3)
    second, first = make_book(stock=2), make_book(stock=0)
    assert list(repository.list_scarce(below=3)) == [first, second]
