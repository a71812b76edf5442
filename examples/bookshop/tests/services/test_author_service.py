"""The rules for authors."""

import pytest

from bookshop.errors import Conflict, NotFound
from bookshop.schemas.author import AuthorCreate, AuthorUpdate
from bookshop.services.author_service import AuthorService


@pytest.fixture
def service(session):
    return AuthorService(session)


def test_create_author_stores_it(service):
    author = service.create_author(AuthorCreate(name="Lem"))
    assert service.get_author(author.id) == author


def test_create_author_refuses_a_name_that_is_taken(service, make_author):
    make_author(name="Lem")
    with pytest.raises(Conflict, match="named 'Lem' exists already"):
        service.create_author(AuthorCreate(name="Lem"))


def test_get_author_that_does_not_exist(service):
    with pytest.raises(NotFound, match="no author with id 7"):
        service.get_author(7)


def test_update_author_keeps_what_is_left_out(service, make_author):
    author = make_author(name="Lem", biography="Kraków.")
    updated = service.update_author(author.id, AuthorUpdate(name="Stanisław Lem"))
    assert (updated.name, updated.biography) == ("Stanisław Lem", "Kraków.")


def test_update_author_refuses_a_name_that_is_taken(service, make_author):
    make_author(name="Lem")
    author = make_author(name="Dick")
    with pytest.raises(Conflict):
        service.update_author(author.id, AuthorUpdate(name="Lem"))


def test_delete_author_refuses_while_books_name_it(service, make_author, make_book):
    author = make_author()
    make_book(author_id=author.id)
    with pytest.raises(Conflict, match="still has books"):
        service.delete_author(author.id)
