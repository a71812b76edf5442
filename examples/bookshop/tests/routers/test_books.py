"""The book routes, over HTTP."""


def test_list_books_is_paged(client, make_book):
    make_book(title="Possession")
    make_book(title="Arrow of God")
    response = client.get("/books", params={"limit": 1})
    assert response.status_code == 200
    assert [item["title"] for item in response.json()["items"]] == ["Arrow of God"]
    assert response.json()["total"] == 2


def test_list_books_caps_the_page_size(client):
    response = client.get("/books", params={"limit": 5000})
    assert response.json()["limit"] == 100


def test_get_book(client, make_book):
    book = make_book(title="Orlando")
    response = client.get(f"/books/{book.id}")
    assert response.status_code == 200
    assert response.json()["title"] == "Orlando"


def test_get_book_that_does_not_exist(client):
    response = client.get("/books/404")
    assert response.status_code == 404
    assert response.json() == {"detail": "no book with id 404"}


def test_create_book(client, make_author):
    payload = {
        "isbn": "9780156027601",
        "title": "Solaris",
        "author_id": make_author().id,
        "price_cents": 1400,
    }
    response = client.post("/books", json=payload)
    assert response.status_code == 201
    assert response.json() == {"id": 1, "stock": 0, **payload}


def test_create_book_refuses_a_negative_price(client, make_author):
    payload = {
        "isbn": "9780156027601",
        "title": "Solaris",
        "author_id": make_author().id,
        "price_cents": -1,
    }
    assert client.post("/books", json=payload).status_code == 422


def test_update_book(client, make_book):
    book = make_book(price_cents=1250)
    response = client.patch(f"/books/{book.id}", json={"price_cents": 990})
    assert response.status_code == 200
    assert response.json()["price_cents"] == 990


def test_delete_book(client, make_book):
    book = make_book()
    assert client.delete(f"/books/{book.id}").status_code == 204
    assert client.get(f"/books/{book.id}").status_code == 404
