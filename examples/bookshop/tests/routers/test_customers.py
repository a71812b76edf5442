"""The customer routes, over HTTP."""


def test_list_customers_is_paged(client, make_customer):
    make_customer(email="zoe@example.org")
    make_customer(email="ada@example.org")
    response = client.get("/customers", params={"limit": 1})
    assert response.status_code == 200
    assert [item["email"] for item in response.json()["items"]] == ["ada@example.org"]
    assert response.json()["total"] == 2


def test_get_customer(client, make_customer):
    customer = make_customer(name="Ada")
    response = client.get(f"/customers/{customer.id}")
    assert response.status_code == 200
    assert response.json()["name"] == "Ada"


def test_get_customer_that_does_not_exist(client):
    response = client.get("/customers/404")
    assert response.status_code == 404
    assert response.json() == {"detail": "no customer with id 404"}


def test_create_customer(client):
    payload = {"email": "ada@example.org", "name": "Ada"}
    response = client.post("/customers", json=payload)
    assert response.status_code == 201
    assert response.json() == {"id": 1, **payload}


def test_create_customer_refuses_a_broken_address(client):
    payload = {"email": "ada at example", "name": "Ada"}
    assert client.post("/customers", json=payload).status_code == 422


def test_update_customer(client, make_customer):
    customer = make_customer(name="Ada")
    response = client.patch(f"/customers/{customer.id}", json={"name": "Ada King"})
    assert response.status_code == 200
    assert response.json()["name"] == "Ada King"


def test_delete_customer(client, make_customer):
    customer = make_customer()
    assert client.delete(f"/customers/{customer.id}").status_code == 204
    assert client.get(f"/customers/{customer.id}").status_code == 404
