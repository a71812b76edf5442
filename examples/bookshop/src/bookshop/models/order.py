"""An order of a customer."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bookshop.models.base import Base, UtcDateTime


class OrderStatus(StrEnum):
    """Where an order stands; only a placed one can still change."""

    PLACED = "placed"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class Order(Base):
    """Some copies of one book; two orders never share a reference."""

    __tablename__ = "orders"
    __table_args__ = (CheckConstraint("quantity > 0", name="order_quantity_positive"),)

    reference: Mapped[str] = mapped_column(unique=True, index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)
    quantity: Mapped[int]
    total_cents: Mapped[int]
    status: Mapped[OrderStatus] = mapped_column(default=OrderStatus.PLACED)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
