"""The rules for orders."""

from sqlalchemy.orm import Session

from bookshop.clock import Clock, utc_now
from bookshop.errors import Conflict, NotFound
from bookshop.models import Book, Order, OrderStatus
from bookshop.repositories.book_repository import BookRepository
from bookshop.repositories.customer_repository import CustomerRepository
from bookshop.repositories.order_repository import OrderRepository
from bookshop.schemas.base import Page
from bookshop.schemas.order import OrderCreate, OrderRead, OrderUpdate


class OrderService:
    """Keeps the orders and the stock that they bind; each method is one transaction."""

    def __init__(self, session: Session, *, clock: Clock = utc_now) -> None:
        """Bind the service to the session that it commits."""
        self.session = session
        self.orders = OrderRepository(session)
        self.books = BookRepository(session)
        self.customers = CustomerRepository(session)
        self.clock = clock

    def list_orders(self, *, limit: int, offset: int) -> Page[OrderRead]:
        """Return a page of orders."""
        orders = self.orders.list_page(limit=limit, offset=offset)
        return Page(
            items=[OrderRead.model_validate(order) for order in orders],
            total=self.orders.count(),
            limit=limit,
            offset=offset,
        )

    def get_order(self, order_id: int) -> OrderRead:
        """Return one order; `NotFound` if there is none."""
        return OrderRead.model_validate(self._require(order_id))

    def create_order(self, payload: OrderCreate) -> OrderRead:
        """Place an order; `Conflict` if the reference is taken or the stock too low."""
        self._require_free_reference(payload.reference)
        self._require_customer(payload.customer_id)
        book = self._take_from_stock(payload.book_id, payload.quantity)
        order = self.orders.add(
            Order(
                **payload.model_dump(),
                total_cents=book.price_cents * payload.quantity,
                placed_at=self.clock(),
            )
        )
        self.session.commit()
        return OrderRead.model_validate(order)

    def update_order(self, order_id: int, payload: OrderUpdate) -> OrderRead:
        """Ship or cancel an order; `Conflict` once it has moved on."""
        order = self._require(order_id)
        if payload.status is not None and payload.status is not order.status:
            self._move(order, payload.status)
        self.session.commit()
        return OrderRead.model_validate(order)

    def delete_order(self, order_id: int) -> None:
        """Remove an order; `Conflict` while it waits to be shipped."""
        order = self._require(order_id)
        if self.orders.is_in_use(order):
            raise Conflict(f"order {order_id} is not shipped or cancelled yet")
        self.orders.remove(order)
        self.session.commit()

    def _require(self, order_id: int) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise NotFound("order", order_id)
        return order

    def _require_free_reference(self, reference: str) -> None:
        if self.orders.find_by_reference(reference) is not None:
            raise Conflict(f"an order with reference {reference!r} exists already")

    def _require_customer(self, customer_id: int) -> None:
        if self.customers.get(customer_id) is None:
            raise NotFound("customer", customer_id)

    def _take_from_stock(self, book_id: int, quantity: int) -> Book:
        book = self.books.get(book_id)
        if book is None:
            raise NotFound("book", book_id)
        if book.stock < quantity:
            raise Conflict(f"only {book.stock} copies of book {book_id} are left")
        book.stock -= quantity
        return book

    def _move(self, order: Order, status: OrderStatus) -> None:
        if order.status is not OrderStatus.PLACED:
            raise Conflict(f"order {order.id} is {order.status} and stays so")
        if status is OrderStatus.CANCELLED:
            book = self.books.get(order.book_id)
            if book is not None:
                book.stock += order.quantity
        order.status = status
