"""Orders over the wire."""

from datetime import datetime

from pydantic import Field

from bookshop.models import OrderStatus
from bookshop.schemas.base import Cents, Schema, ShortText


class OrderCreate(Schema):
    """What it takes to place an order; ``reference`` is the caller's own number for it."""

    reference: ShortText
    customer_id: int
    book_id: int
    quantity: int = Field(ge=1, le=100)


class OrderUpdate(Schema):
    """What can change about an order; a field that is left out stays."""

    status: OrderStatus | None = None


class OrderRead(Schema):
    """An order as the API shows it."""

    id: int
    reference: str
    customer_id: int
    book_id: int
    quantity: int
    total_cents: Cents
    status: OrderStatus
    placed_at: datetime
