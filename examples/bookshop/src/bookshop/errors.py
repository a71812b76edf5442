"""The failures that a caller can cause; the API turns each into its status code."""

from http import HTTPStatus


class BookshopError(Exception):
    """Base of every expected failure."""

    status = HTTPStatus.BAD_REQUEST


class NotFound(BookshopError):
    """Nothing is stored under this id."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self, entity: str, entity_id: int) -> None:
        """Name what was looked for, so that the message says it."""
        super().__init__(f"no {entity} with id {entity_id}")


class Conflict(BookshopError):
    """The request is sound, and what is stored forbids it."""

    status = HTTPStatus.CONFLICT
