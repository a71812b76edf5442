"""The questions about customers, on a real database."""

import pytest

from bookshop.repositories.customer_repository import CustomerRepository


@pytest.fixture
def repository(session):
    return CustomerRepository(session)


def test_list_page_sorts_by_email(repository, make_customer):
    second = make_customer(email="zoe@example.org")
    first = make_customer(email="ada@example.org")
    assert list(repository.list_page(limit=10, offset=0)) == [first, second]


def test_list_page_skips_the_offset(repository, make_customer):
    second = make_customer(email="zoe@example.org")
    make_customer(email="ada@example.org")
    assert list(repository.list_page(limit=10, offset=1)) == [second]


def test_find_by_email(repository, make_customer):
    customer = make_customer(email="ada@example.org")
    assert repository.find_by_email("ada@example.org") is customer
    assert repository.find_by_email("eve@example.org") is None


def test_a_customer_with_an_order_is_in_use(repository, make_customer, make_order):
    customer = make_customer()
    assert not repository.is_in_use(customer)
    make_order(customer_id=customer.id)
    assert repository.is_in_use(customer)
