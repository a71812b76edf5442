"""The questions about authors, on a real database."""

import pytest

from bookshop.repositories.author_repository import AuthorRepository


@pytest.fixture
def repository(session):
    return AuthorRepository(session)


def test_list_page_sorts_by_name(repository, make_author):
    second, first = make_author(name="Byatt"), make_author(name="Achebe")
    assert list(repository.list_page(limit=10, offset=0)) == [first, second]


def test_list_page_skips_the_offset(repository, make_author):
    second, _ = make_author(name="Byatt"), make_author(name="Achebe")
    assert list(repository.list_page(limit=10, offset=1)) == [second]


def test_find_by_name(repository, make_author):
    author = make_author(name="Woolf")
    assert repository.find_by_name("Woolf") is author
    assert repository.find_by_name("Wolf") is None


def test_an_author_with_a_book_is_in_use(repository, make_author, make_book):
    author = make_author()
    assert not repository.is_in_use(author)
    make_book(author_id=author.id)
    assert repository.is_in_use(author)
