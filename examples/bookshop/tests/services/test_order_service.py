"""The rules for orders."""

import pytest

from bookshop.errors import Conflict, NotFound
from bookshop.models import OrderStatus
from bookshop.schemas.order import OrderCreate, OrderUpdate
from bookshop.services.order_service import OrderService


@pytest.fixture
def service(session, now):
    return OrderService(session, clock=lambda: now)


@pytest.fixture
def book(make_book):
    return make_book(price_cents=1250, stock=5)


@pytest.fixture
def payload(book, make_customer):
    customer = make_customer()
    return OrderCreate(reference="R-1", customer_id=customer.id, book_id=book.id, quantity=2)


def test_create_order_stores_it(service, payload):
    order = service.create_order(payload)
    assert service.get_order(order.id) == order


def test_create_order_takes_the_copies_and_fixes_the_price(service, payload, book, now):
    order = service.create_order(payload)
    assert (order.total_cents, order.placed_at) == (2500, now)
    assert book.stock == 3


def test_create_order_refuses_a_reference_that_is_taken(service, payload, make_order):
    make_order(reference=payload.reference)
    with pytest.raises(Conflict, match="reference 'R-1' exists already"):
        service.create_order(payload)


def test_create_order_refuses_more_than_the_stock(service, payload, book):
    greedy = payload.model_copy(update={"quantity": 6})
    with pytest.raises(Conflict, match="only 5 copies"):
        service.create_order(greedy)
    assert book.stock == 5


@pytest.mark.parametrize(("field", "entity"), [("book_id", "book"), ("customer_id", "customer")])
def test_create_order_needs_what_it_names(service, payload, field, entity):
    broken = payload.model_copy(update={field: 99})
    with pytest.raises(NotFound, match=f"no {entity} with id 99"):
        service.create_order(broken)


def test_get_order_that_does_not_exist(service):
    with pytest.raises(NotFound, match="no order with id 7"):
        service.get_order(7)


def test_update_order_keeps_what_is_left_out(service, make_order):
    order = make_order(status=OrderStatus.SHIPPED)
    assert service.update_order(order.id, OrderUpdate()).status is OrderStatus.SHIPPED


def test_update_order_gives_the_copies_back_on_cancelling(service, payload, book):
    order = service.create_order(payload)
    service.update_order(order.id, OrderUpdate(status=OrderStatus.CANCELLED))
    assert book.stock == 5


def test_update_order_refuses_to_move_it_twice(service, make_order):
    order = make_order(status=OrderStatus.SHIPPED)
    with pytest.raises(Conflict, match="is shipped and stays so"):
        service.update_order(order.id, OrderUpdate(status=OrderStatus.CANCELLED))


def test_delete_order_refuses_while_it_waits(service, make_order):
    order = make_order()
    with pytest.raises(Conflict, match="not shipped or cancelled yet"):
        service.delete_order(order.id)
