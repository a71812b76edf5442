"""The author routes, over HTTP."""


def test_list_authors_is_paged(client, make_author):
    make_author(name="Byatt")
    make_author(name="Achebe")
    response = client.get("/authors", params={"limit": 1})
    assert response.status_code == 200
    assert [item["name"] for item in response.json()["items"]] == ["Achebe"]
    assert response.json()["total"] == 2


def test_get_author(client, make_author):
    author = make_author(name="Woolf")
    response = client.get(f"/authors/{author.id}")
    assert response.status_code == 200
    assert response.json()["name"] == "Woolf"


def test_get_author_that_does_not_exist(client):
    response = client.get("/authors/404")
    assert response.status_code == 404
    assert response.json() == {"detail": "no author with id 404"}


def test_create_author(client):
    response = client.post("/authors", json={"name": " Lem "})
    assert response.status_code == 201
    assert response.json() == {"id": 1, "name": "Lem", "biography": ""}


def test_create_author_refuses_unknown_fields(client):
    response = client.post("/authors", json={"name": "Lem", "nobel": True})
    assert response.status_code == 422


def test_update_author(client, make_author):
    author = make_author(name="Eliot")
    response = client.patch(f"/authors/{author.id}", json={"biography": "Middlemarch."})
    assert response.status_code == 200
    assert response.json()["biography"] == "Middlemarch."


def test_delete_author(client, make_author):
    author = make_author()
    assert client.delete(f"/authors/{author.id}").status_code == 204
    assert client.get(f"/authors/{author.id}").status_code == 404
