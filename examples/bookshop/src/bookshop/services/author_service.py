"""The rules for authors."""

from sqlalchemy.orm import Session

from bookshop.errors import Conflict, NotFound
from bookshop.models import Author
from bookshop.repositories.author_repository import AuthorRepository
from bookshop.schemas.author import AuthorCreate, AuthorRead, AuthorUpdate
from bookshop.schemas.base import Page


class AuthorService:
    """Keeps the authors; each method is one transaction."""

    def __init__(self, session: Session) -> None:
        """Bind the service to the session that it commits."""
        self.session = session
        self.authors = AuthorRepository(session)

    def list_authors(self, *, limit: int, offset: int) -> Page[AuthorRead]:
        """Return a page of authors."""
        authors = self.authors.list_page(limit=limit, offset=offset)
        return Page(
            items=[AuthorRead.model_validate(author) for author in authors],
            total=self.authors.count(),
            limit=limit,
            offset=offset,
        )

    def get_author(self, author_id: int) -> AuthorRead:
        """Return one author; `NotFound` if there is none."""
        return AuthorRead.model_validate(self._require(author_id))

    def create_author(self, payload: AuthorCreate) -> AuthorRead:
        """Add an author; `Conflict` if the name is taken."""
        self._require_free_name(payload.name)
        author = self.authors.add(Author(**payload.model_dump()))
        self.session.commit()
        return AuthorRead.model_validate(author)

    def update_author(self, author_id: int, payload: AuthorUpdate) -> AuthorRead:
        """Change an author; `Conflict` if the new name is taken."""
        author = self._require(author_id)
        if payload.name is not None and payload.name != author.name:
            self._require_free_name(payload.name)
        for field, value in payload.model_dump(exclude_none=True).items():
            setattr(author, field, value)
        self.session.commit()
        return AuthorRead.model_validate(author)

    def delete_author(self, author_id: int) -> None:
        """Remove an author; `Conflict` while a book names it."""
        author = self._require(author_id)
        if self.authors.is_in_use(author):
            raise Conflict(f"author {author_id} still has books")
        self.authors.remove(author)
        self.session.commit()

    def _require(self, author_id: int) -> Author:
        author = self.authors.get(author_id)
        if author is None:
            raise NotFound("author", author_id)
        return author

    def _require_free_name(self, name: str) -> None:
        if self.authors.find_by_name(name) is not None:
            raise Conflict(f"an author named {name!r} exists already")
