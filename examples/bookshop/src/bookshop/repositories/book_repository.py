"""Questions about books."""

from collections.abc import Sequence

from sqlalchemy import exists, select

from bookshop.models import Book, Order
from bookshop.repositories.base import Repository


class BookRepository(Repository[Book]):
    """Books, in the order of their titles."""

    model = Book

    def list_page(self, *, limit: int, offset: int) -> Sequence[Book]:
        """Return up to ``limit`` books, after the first ``offset``."""
        query = select(Book).order_by(Book.title, Book.id).limit(limit).offset(offset)
        return self.session.scalars(query).all()

    def find_by_isbn(self, isbn: str) -> Book | None:
        """Return the book with this ISBN, or ``None``."""
        return self.session.scalar(select(Book).where(Book.isbn == isbn))

    def is_in_use(self, book: Book) -> bool:
        """Say whether an order names this book."""
        query = select(exists().where(Order.book_id == book.id))
        return bool(self.session.scalar(query))

    def list_scarce(self, *, below: int) -> Sequence[Book]:
        """Return the books with fewer than ``below`` copies, the scarcest first."""
        query = select(Book).where(Book.stock < below).order_by(Book.stock, Book.title)
        return self.session.scalars(query).all()
