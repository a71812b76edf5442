"""The rules for books."""

from sqlalchemy.orm import Session

from bookshop.errors import Conflict, NotFound
from bookshop.models import Book
from bookshop.repositories.author_repository import AuthorRepository
from bookshop.repositories.book_repository import BookRepository
from bookshop.schemas.base import Page
from bookshop.schemas.book import BookCreate, BookRead, BookUpdate


class BookService:
    """Keeps the books; each method is one transaction."""

    def __init__(self, session: Session) -> None:
        """Bind the service to the session that it commits."""
        self.session = session
        self.books = BookRepository(session)
        self.authors = AuthorRepository(session)

    def list_books(self, *, limit: int, offset: int) -> Page[BookRead]:
        """Return a page of books."""
        books = self.books.list_page(limit=limit, offset=offset)
        return Page(
            items=[BookRead.model_validate(book) for book in books],
            total=self.books.count(),
            limit=limit,
            offset=offset,
        )

    def get_book(self, book_id: int) -> BookRead:
        """Return one book; `NotFound` if there is none."""
        return BookRead.model_validate(self._require(book_id))

    def create_book(self, payload: BookCreate) -> BookRead:
        """Add a book; `NotFound` without its author, `Conflict` if the ISBN is taken."""
        self._require_author(payload.author_id)
        self._require_free_isbn(payload.isbn)
        book = self.books.add(Book(**payload.model_dump()))
        self.session.commit()
        return BookRead.model_validate(book)

    def update_book(self, book_id: int, payload: BookUpdate) -> BookRead:
        """Change a book."""
        book = self._require(book_id)
        for field, value in payload.model_dump(exclude_none=True).items():
            setattr(book, field, value)
        self.session.commit()
        return BookRead.model_validate(book)

    def delete_book(self, book_id: int) -> None:
        """Remove a book; `Conflict` while an order names it."""
        book = self._require(book_id)
        if self.books.is_in_use(book):
            raise Conflict(f"book {book_id} still has orders")
        self.books.remove(book)
        self.session.commit()

    def _require(self, book_id: int) -> Book:
        book = self.books.get(book_id)
        if book is None:
            raise NotFound("book", book_id)
        return book

    def _require_free_isbn(self, isbn: str) -> None:
        if self.books.find_by_isbn(isbn) is not None:
            raise Conflict(f"a book with ISBN {isbn!r} exists already")

    def _require_author(self, author_id: int) -> None:
        if self.authors.get(author_id) is None:
            raise NotFound("author", author_id)
