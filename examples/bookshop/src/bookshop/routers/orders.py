"""Routes for orders."""

from fastapi import APIRouter, status

from bookshop.routers.dependencies import OrderServiceDep, PageDep
from bookshop.schemas.base import Page
from bookshop.schemas.order import OrderCreate, OrderRead, OrderUpdate

router = APIRouter(prefix="/orders", tags=["orders"])


@router.get("")
def list_orders(service: OrderServiceDep, page: PageDep) -> Page[OrderRead]:
    """List the orders of the shop."""
    return service.list_orders(limit=page.limit, offset=page.offset)


@router.get("/{order_id}")
def get_order(order_id: int, service: OrderServiceDep) -> OrderRead:
    """Show one order."""
    return service.get_order(order_id)


@router.post("", status_code=status.HTTP_201_CREATED)
def create_order(payload: OrderCreate, service: OrderServiceDep) -> OrderRead:
    """Place an order."""
    return service.create_order(payload)


@router.patch("/{order_id}")
def update_order(order_id: int, payload: OrderUpdate, service: OrderServiceDep) -> OrderRead:
    """Ship or cancel an order."""
    return service.update_order(order_id, payload)


@router.delete("/{order_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_order(order_id: int, service: OrderServiceDep) -> None:
    """Remove an order that is shipped or cancelled."""
    service.delete_order(order_id)
