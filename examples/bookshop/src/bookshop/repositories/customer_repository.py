"""Questions about customers."""

from collections.abc import Sequence

from sqlalchemy import exists, select

from bookshop.models import Customer, Order
from bookshop.repositories.base import Repository


class CustomerRepository(Repository[Customer]):
    """Customers, in the order of their e-mail addresses."""

    model = Customer

    def list_page(self, *, limit: int, offset: int) -> Sequence[Customer]:
        """Return up to ``limit`` customers, after the first ``offset``."""
        query = select(Customer).order_by(Customer.email).limit(limit).offset(offset)
        return self.session.scalars(query).all()

    def find_by_email(self, email: str) -> Customer | None:
        """Return the customer with this e-mail address, or ``None``."""
        return self.session.scalar(select(Customer).where(Customer.email == email))

    def is_in_use(self, customer: Customer) -> bool:
        """Say whether an order names this customer."""
        query = select(exists().where(Order.customer_id == customer.id))
        return bool(self.session.scalar(query))
