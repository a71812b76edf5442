"""Questions about orders."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from bookshop.models import Order, OrderStatus
from bookshop.repositories.base import Repository


class OrderRepository(Repository[Order]):
    """Orders, the newest first."""

    model = Order

    def list_page(self, *, limit: int, offset: int) -> Sequence[Order]:
        """Return up to ``limit`` orders, after the first ``offset``."""
        newest_first = (Order.placed_at.desc(), Order.id.desc())
        query = select(Order).order_by(*newest_first).limit(limit).offset(offset)
        return self.session.scalars(query).all()

    def find_by_reference(self, reference: str) -> Order | None:
        """Return the order with this reference, or ``None``."""
        return self.session.scalar(select(Order).where(Order.reference == reference))

    def is_in_use(self, order: Order) -> bool:
        """Say whether this order still waits to be shipped or cancelled."""
        return order.status is OrderStatus.PLACED

    def list_waiting_since(self, moment: datetime) -> Sequence[Order]:
        """Return the orders that were placed before ``moment`` and never moved on."""
        waiting = Order.status == OrderStatus.PLACED
        query = select(Order).where(waiting, Order.placed_at < moment).order_by(Order.id)
        return self.session.scalars(query).all()
