"""Settings, read from ``BOOKSHOP_*`` environment variables."""

from functools import lru_cache

from pydantic import PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What may differ between two installations."""

    model_config = SettingsConfigDict(env_prefix="BOOKSHOP_", frozen=True)

    database_url: str = "sqlite:///bookshop.db"
    max_page_size: PositiveInt = 100
    stale_after_days: PositiveInt = 14


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
