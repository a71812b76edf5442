"""A book on the shelf."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bookshop.models.base import Base


class Book(Base):
    """One title, with the number of copies on the shelf; two books never share an ISBN."""

    __tablename__ = "books"
    __table_args__ = (CheckConstraint("stock >= 0", name="book_stock_not_negative"),)

    isbn: Mapped[str] = mapped_column(String(13), unique=True, index=True)
    title: Mapped[str] = mapped_column(String(200))
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), index=True)
    price_cents: Mapped[int]
    stock: Mapped[int] = mapped_column(default=0)
