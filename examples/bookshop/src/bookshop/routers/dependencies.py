"""What the route handlers ask for."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field, field_validator
from sqlalchemy.orm import Session

from bookshop.database import open_session
from bookshop.services.author_service import AuthorService
from bookshop.services.book_service import BookService
from bookshop.services.customer_service import CustomerService
from bookshop.services.order_service import OrderService
from bookshop.settings import get_settings


class PageRequest(BaseModel):
    """The part of a list that the caller wants to see."""

    limit: int = Field(default=20, ge=1)
    offset: int = Field(default=0, ge=0)

    @field_validator("limit")
    @classmethod
    def cap_limit(cls, limit: int) -> int:
        """Serve at most the page size of the settings."""
        return min(limit, get_settings().max_page_size)


SessionDep = Annotated[Session, Depends(open_session)]
PageDep = Annotated[PageRequest, Query()]


def get_author_service(session: SessionDep) -> AuthorService:
    """Return the author service of this request."""
    return AuthorService(session)


def get_book_service(session: SessionDep) -> BookService:
    """Return the book service of this request."""
    return BookService(session)


def get_customer_service(session: SessionDep) -> CustomerService:
    """Return the customer service of this request."""
    return CustomerService(session)


def get_order_service(session: SessionDep) -> OrderService:
    """Return the order service of this request."""
    return OrderService(session)


AuthorServiceDep = Annotated[AuthorService, Depends(get_author_service)]
BookServiceDep = Annotated[BookService, Depends(get_book_service)]
CustomerServiceDep = Annotated[CustomerService, Depends(get_customer_service)]
OrderServiceDep = Annotated[OrderService, Depends(get_order_service)]
