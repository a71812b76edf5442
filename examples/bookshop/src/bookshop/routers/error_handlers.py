"""How the failures of the shop look over HTTP."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from bookshop.errors import BookshopError


def install_error_handlers(app: FastAPI) -> None:
    """Let ``app`` answer every expected failure with its status and message."""

    @app.exception_handler(BookshopError)
    def answer(request: Request, error: BookshopError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=error.status)
