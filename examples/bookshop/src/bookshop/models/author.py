"""The author of books."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from bookshop.models.base import Base


class Author(Base):
    """Someone who wrote a book; two authors never share a name."""

    __tablename__ = "authors"

    name: Mapped[str] = mapped_column(String(120), unique=True, index=True)
    biography: Mapped[str] = mapped_column(String(2000), default="")
