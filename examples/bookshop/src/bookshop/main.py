"""The application, put together."""

from fastapi import FastAPI

from bookshop.routers import authors, books, customers, orders
from bookshop.routers.error_handlers import install_error_handlers


def create_app() -> FastAPI:
    """Return an application with every router and error handler installed."""
    app = FastAPI(title="Bookshop", version="1.0.0")
    install_error_handlers(app)
    app.include_router(authors.router)
    app.include_router(books.router)
    app.include_router(customers.router)
    app.include_router(orders.router)
    return app
