"""Questions about authors."""

from collections.abc import Sequence

from sqlalchemy import exists, select

from bookshop.models import Author, Book
from bookshop.repositories.base import Repository


class AuthorRepository(Repository[Author]):
    """Authors, in the order of their names."""

    model = Author

    def list_page(self, *, limit: int, offset: int) -> Sequence[Author]:
        """Return up to ``limit`` authors, after the first ``offset``."""
        query = select(Author).order_by(Author.name, Author.id).limit(limit).offset(offset)
        return self.session.scalars(query).all()

    def find_by_name(self, name: str) -> Author | None:
        """Return the author with this name, or ``None``."""
        return self.session.scalar(select(Author).where(Author.name == name))

    def is_in_use(self, author: Author) -> bool:
        """Say whether a book names this author."""
        query = select(exists().where(Book.author_id == author.id))
        return bool(self.session.scalar(query))
