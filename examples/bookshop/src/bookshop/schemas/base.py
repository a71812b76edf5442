"""What every schema has in common."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

ItemT = TypeVar("ItemT")

Cents = Annotated[int, Field(ge=0, description="an amount of money in cents")]
ShortText = Annotated[str, Field(min_length=1, max_length=120)]


class Schema(BaseModel):
    """Base of every schema: unknown fields are refused, surrounding spaces are cut off."""

    model_config = ConfigDict(extra="forbid", from_attributes=True, str_strip_whitespace=True)


class Page(Schema, Generic[ItemT]):
    """A slice of a longer list; ``total`` counts the whole list."""

    items: list[ItemT]
    total: int
    limit: int
    offset: int
