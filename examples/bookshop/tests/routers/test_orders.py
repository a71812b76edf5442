"""The order routes, over HTTP."""

from datetime import timedelta


def test_list_orders_is_paged(client, make_order, now):
    make_order(reference="older", placed_at=now - timedelta(days=1))
    make_order(reference="newer", placed_at=now)
    response = client.get("/orders", params={"limit": 1})
    assert response.status_code == 200
    assert [item["reference"] for item in response.json()["items"]] == ["newer"]
    assert response.json()["total"] == 2


def test_get_order(client, make_order):
    order = make_order(reference="R-77")
    response = client.get(f"/orders/{order.id}")
    assert response.status_code == 200
    assert response.json()["reference"] == "R-77"


def test_get_order_that_does_not_exist(client):
    response = client.get("/orders/404")
    assert response.status_code == 404
    assert response.json() == {"detail": "no order with id 404"}


def test_create_order(client, make_book, make_customer):
    book = make_book(price_cents=1000)
    payload = {
        "reference": "R-1",
        "customer_id": make_customer().id,
        "book_id": book.id,
        "quantity": 2,
    }
    response = client.post("/orders", json=payload)
    assert response.status_code == 201
    assert response.json()["total_cents"] == 2000
    assert response.json()["status"] == "placed"


def test_create_order_refuses_no_copies(client, make_book, make_customer):
    payload = {
        "reference": "R-1",
        "customer_id": make_customer().id,
        "book_id": make_book().id,
        "quantity": 0,
    }
    assert client.post("/orders", json=payload).status_code == 422


def test_update_order(client, make_order):
    order = make_order()
    response = client.patch(f"/orders/{order.id}", json={"status": "shipped"})
    assert response.status_code == 200
    assert response.json()["status"] == "shipped"


def test_delete_order(client, make_order):
    order = make_order(status="cancelled")
    assert client.delete(f"/orders/{order.id}").status_code == 204
    assert client.get(f"/orders/{order.id}").status_code == 404
