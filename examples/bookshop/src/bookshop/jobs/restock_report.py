"""Say which books run out."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bookshop.repositories.book_repository import BookRepository


@dataclass(frozen=True)
class RestockLine:
    """One book that should be ordered from its publisher."""

    isbn: str
    title: str
    stock: int


def build_restock_report(session: Session, *, below: int) -> list[RestockLine]:
    """Return the books with fewer than ``below`` copies left, the scarcest first."""
    books = BookRepository(session).list_scarce(below=below)
    return [RestockLine(book.isbn, book.title, book.stock) for book in books]
