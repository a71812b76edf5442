"""Routes for books."""

from fastapi import APIRouter, status

from bookshop.routers.dependencies import BookServiceDep, PageDep
from bookshop.schemas.base import Page
from bookshop.schemas.book import BookCreate, BookRead, BookUpdate

router = APIRouter(prefix="/books", tags=["books"])


@router.get("")
def list_books(service: BookServiceDep, page: PageDep) -> Page[BookRead]:
    """List the books of the shop."""
    return service.list_books(limit=page.limit, offset=page.offset)


@router.get("/{book_id}")
def get_book(book_id: int, service: BookServiceDep) -> BookRead:
    """Show one book."""
    return service.get_book(book_id)


@router.post("", status_code=status.HTTP_201_CREATED)
def create_book(payload: BookCreate, service: BookServiceDep) -> BookRead:
    """Put a book on the shelf."""
    return service.create_book(payload)


@router.patch("/{book_id}")
def update_book(book_id: int, payload: BookUpdate, service: BookServiceDep) -> BookRead:
    """Change title, price or stock of a book."""
    return service.update_book(book_id, payload)


@router.delete("/{book_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_book(book_id: int, service: BookServiceDep) -> None:
    """Take a book off the shelf for good."""
    service.delete_book(book_id)
