"""Authors over the wire."""

from pydantic import Field

from bookshop.schemas.base import Schema, ShortText


class AuthorCreate(Schema):
    """What it takes to add an author."""

    name: ShortText
    biography: str = Field(default="", max_length=2000)


class AuthorUpdate(Schema):
    """What can change about an author; a field that is left out stays."""

    name: ShortText | None = None
    biography: str | None = Field(default=None, max_length=2000)


class AuthorRead(Schema):
    """An author as the API shows it."""

    id: int
    name: str
    biography: str
