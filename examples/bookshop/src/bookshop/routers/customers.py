"""Routes for customers."""

from fastapi import APIRouter, status

from bookshop.routers.dependencies import CustomerServiceDep, PageDep
from bookshop.schemas.base import Page
from bookshop.schemas.customer import CustomerCreate, CustomerRead, CustomerUpdate

router = APIRouter(prefix="/customers", tags=["customers"])


@router.get("")
def list_customers(service: CustomerServiceDep, page: PageDep) -> Page[CustomerRead]:
    """List the customers of the shop."""
    return service.list_customers(limit=page.limit, offset=page.offset)


@router.get("/{customer_id}")
def get_customer(customer_id: int, service: CustomerServiceDep) -> CustomerRead:
    """Show one customer."""
    return service.get_customer(customer_id)


@router.post("", status_code=status.HTTP_201_CREATED)
def create_customer(payload: CustomerCreate, service: CustomerServiceDep) -> CustomerRead:
    """Register a customer."""
    return service.create_customer(payload)


@router.patch("/{customer_id}")
def update_customer(
    customer_id: int, payload: CustomerUpdate, service: CustomerServiceDep
) -> CustomerRead:
    """Change what is known about a customer."""
    return service.update_customer(customer_id, payload)


@router.delete("/{customer_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_customer(customer_id: int, service: CustomerServiceDep) -> None:
    """Forget a customer who has no orders."""
    service.delete_customer(customer_id)
