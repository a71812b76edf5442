"""Routes for authors."""

from fastapi import APIRouter, status

from bookshop.routers.dependencies import AuthorServiceDep, PageDep
from bookshop.schemas.author import AuthorCreate, AuthorRead, AuthorUpdate
from bookshop.schemas.base import Page

router = APIRouter(prefix="/authors", tags=["authors"])


@router.get("")
def list_authors(service: AuthorServiceDep, page: PageDep) -> Page[AuthorRead]:
    """List the authors of the shop."""
    return service.list_authors(limit=page.limit, offset=page.offset)


@router.get("/{author_id}")
def get_author(author_id: int, service: AuthorServiceDep) -> AuthorRead:
    """Show one author."""
    return service.get_author(author_id)


@router.post("", status_code=status.HTTP_201_CREATED)
def create_author(payload: AuthorCreate, service: AuthorServiceDep) -> AuthorRead:
    """Add an author."""
    return service.create_author(payload)


@router.patch("/{author_id}")
def update_author(author_id: int, payload: AuthorUpdate, service: AuthorServiceDep) -> AuthorRead:
    """Change what is known about an author."""
    return service.update_author(author_id, payload)


@router.delete("/{author_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_author(author_id: int, service: AuthorServiceDep) -> None:
    """Remove an author who has no books."""
    service.delete_author(author_id)
