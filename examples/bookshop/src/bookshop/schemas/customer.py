"""Customers over the wire."""

from pydantic import Field

from bookshop.schemas.base import Schema, ShortText


class CustomerCreate(Schema):
    """What it takes to add a customer."""

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    name: ShortText


class CustomerUpdate(Schema):
    """What can change about a customer; a field that is left out stays."""

    name: ShortText | None = None


class CustomerRead(Schema):
    """A customer as the API shows it."""

    id: int
    email: str
    name: str
