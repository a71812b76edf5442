"""Where sessions come from."""

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from bookshop.models import Base
from bookshop.settings import get_settings


@lru_cache(maxsize=1)
def get_engine() -> Engine:
    """Return the engine of this process, made once from the settings."""
    return create_engine(get_settings().database_url)


def create_tables(engine: Engine) -> None:
    """Create the tables that do not exist yet."""
    Base.metadata.create_all(engine)


def open_session() -> Iterator[Session]:
    """Yield a session and close it afterwards; whatever was not committed is rolled back."""
    with sessionmaker(get_engine())() as session:
        yield session
