"""Cancelling what nobody shipped."""

from datetime import timedelta

from bookshop.jobs.stale_orders import cancel_stale_orders
from bookshop.models import OrderStatus


def test_only_old_placed_orders_are_cancelled(session, make_order, now):
    old = make_order(placed_at=now - timedelta(days=20))
    young = make_order(placed_at=now)
    assert cancel_stale_orders(session, older_than=now - timedelta(days=14)) == 1
    assert old.status is OrderStatus.CANCELLED
    assert young.status is OrderStatus.PLACED


def test_a_second_run_finds_nothing_left(session, make_order, now):
    make_order(placed_at=now - timedelta(days=20))
    cancel_stale_orders(session, older_than=now)
    assert cancel_stale_orders(session, older_than=now) == 0
