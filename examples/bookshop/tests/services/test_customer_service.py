"""The rules for customers."""

import pytest

from bookshop.errors import Conflict, NotFound
from bookshop.schemas.customer import CustomerCreate, CustomerUpdate
from bookshop.services.customer_service import CustomerService


@pytest.fixture
def service(session):
    return CustomerService(session)


def test_create_customer_stores_it(service):
    customer = service.create_customer(CustomerCreate(email="ada@example.org", name="Ada"))
    assert service.get_customer(customer.id) == customer


def test_create_customer_refuses_an_email_that_is_taken(service, make_customer):
    make_customer(email="ada@example.org")
    with pytest.raises(Conflict, match="'ada@example.org' exists already"):
        service.create_customer(CustomerCreate(email="ada@example.org", name="Eve"))


def test_get_customer_that_does_not_exist(service):
    with pytest.raises(NotFound, match="no customer with id 7"):
        service.get_customer(7)


def test_update_customer_keeps_what_is_left_out(service, make_customer):
    customer = make_customer(email="ada@example.org", name="Ada")
    updated = service.update_customer(customer.id, CustomerUpdate(name="Ada King"))
    assert (updated.name, updated.email) == ("Ada King", "ada@example.org")


def test_delete_customer_refuses_while_orders_name_it(service, make_customer, make_order):
    customer = make_customer()
    make_order(customer_id=customer.id)
    with pytest.raises(Conflict, match="still has orders"):
        service.delete_customer(customer.id)
