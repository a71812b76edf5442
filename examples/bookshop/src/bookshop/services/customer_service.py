"""The rules for customers."""

from sqlalchemy.orm import Session

from bookshop.errors import Conflict, NotFound
from bookshop.models import Customer
from bookshop.repositories.customer_repository import CustomerRepository
from bookshop.schemas.base import Page
from bookshop.schemas.customer import CustomerCreate, CustomerRead, CustomerUpdate


class CustomerService:
    """Keeps the customers; each method is one transaction."""

    def __init__(self, session: Session) -> None:
        """Bind the service to the session that it commits."""
        self.session = session
        self.customers = CustomerRepository(session)

    def list_customers(self, *, limit: int, offset: int) -> Page[CustomerRead]:
        """Return a page of customers."""
        customers = self.customers.list_page(limit=limit, offset=offset)
        return Page(
            items=[CustomerRead.model_validate(customer) for customer in customers],
            total=self.customers.count(),
            limit=limit,
            offset=offset,
        )

    def get_customer(self, customer_id: int) -> CustomerRead:
        """Return one customer; `NotFound` if there is none."""
        return CustomerRead.model_validate(self._require(customer_id))

    def create_customer(self, payload: CustomerCreate) -> CustomerRead:
        """Add a customer; `Conflict` if the e-mail address is taken."""
        self._require_free_email(payload.email)
        customer = self.customers.add(Customer(**payload.model_dump()))
        self.session.commit()
        return CustomerRead.model_validate(customer)

    def update_customer(self, customer_id: int, payload: CustomerUpdate) -> CustomerRead:
        """Change a customer."""
        customer = self._require(customer_id)
        for field, value in payload.model_dump(exclude_none=True).items():
            setattr(customer, field, value)
        self.session.commit()
        return CustomerRead.model_validate(customer)

    def delete_customer(self, customer_id: int) -> None:
        """Remove a customer; `Conflict` while an order names them."""
        customer = self._require(customer_id)
        if self.customers.is_in_use(customer):
            raise Conflict(f"customer {customer_id} still has orders")
        self.customers.remove(customer)
        self.session.commit()

    def _require(self, customer_id: int) -> Customer:
        customer = self.customers.get(customer_id)
        if customer is None:
            raise NotFound("customer", customer_id)
        return customer

    def _require_free_email(self, email: str) -> None:
        if self.customers.find_by_email(email) is not None:
            raise Conflict(f"a customer with e-mail address {email!r} exists already")
