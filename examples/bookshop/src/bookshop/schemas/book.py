"""Books over the wire."""

from pydantic import Field

from bookshop.schemas.base import Cents, Schema


class BookCreate(Schema):
    """What it takes to add a book."""

    isbn: str = Field(pattern=r"^\d{13}$")
    title: str = Field(min_length=1, max_length=200)
    author_id: int
    price_cents: Cents
    stock: int = Field(default=0, ge=0)


class BookUpdate(Schema):
    """What can change about a book; a field that is left out stays."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    price_cents: Cents | None = None
    stock: int | None = Field(default=None, ge=0)


class BookRead(Schema):
    """A book as the API shows it."""

    id: int
    isbn: str
    title: str
    author_id: int
    price_cents: Cents
    stock: int
