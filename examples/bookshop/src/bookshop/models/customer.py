"""A customer of the shop."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from bookshop.models.base import Base


class Customer(Base):
    """Someone who orders; two customers never share an e-mail address."""

    __tablename__ = "customers"

    email: Mapped[str] = mapped_column(String(254), unique=True, index=True)
    name: Mapped[str] = mapped_column(String(120))
