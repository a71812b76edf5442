"""What every repository can do."""

from typing import ClassVar, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bookshop.models import Base

ModelT = TypeVar("ModelT", bound=Base)


class Repository(Generic[ModelT]):
    """Rows of one model, through a session that the caller owns and commits."""

    model: ClassVar[type[Base]]

    def __init__(self, session: Session) -> None:
        """Bind the repository to the caller's session."""
        self.session = session

    def get(self, row_id: int) -> ModelT | None:
        """Return the row with this id, or ``None``."""
        return self.session.get(self.model, row_id)

    def count(self) -> int:
        """Return the number of rows."""
        return self.session.scalar(select(func.count()).select_from(self.model)) or 0

    def add(self, row: ModelT) -> ModelT:
        """Store a new row and return it with its id."""
        self.session.add(row)
        self.session.flush()
        return row

    def remove(self, row: ModelT) -> None:
        """Remove a row."""
        self.session.delete(row)
        self.session.flush()
