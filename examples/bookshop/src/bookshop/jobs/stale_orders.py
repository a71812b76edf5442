"""Cancel orders that nobody shipped in time."""

from datetime import datetime

from sqlalchemy.orm import Session

from bookshop.models import OrderStatus
from bookshop.repositories.order_repository import OrderRepository
from bookshop.schemas.order import OrderUpdate
from bookshop.services.order_service import OrderService


def cancel_stale_orders(session: Session, *, older_than: datetime) -> int:
    """Cancel every order placed before ``older_than`` and return how many there were.

    Each order is its own transaction: a run that is stopped half-way has done half the work
    and the next run does the rest.
    """
    service = OrderService(session)
    stale = [order.id for order in OrderRepository(session).list_waiting_since(older_than)]
    for order_id in stale:
        service.update_order(order_id, OrderUpdate(status=OrderStatus.CANCELLED))
    return len(stale)
