"""The local TikTok without a network: an httpx transport that calls it in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from reconciler.sandbox.app import ConnectionDropped

if TYPE_CHECKING:
    from starlette.applications import Starlette


class LocalTransport(httpx.AsyncBaseTransport):
    """Answers every request from the application, whatever host it is for.

    Raises:
        httpx.ReadError: Where a fault breaks the connection, as a real one would.
    """

    def __init__(self, app: Starlette) -> None:
        self._asgi = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        try:
            return await self._asgi.handle_async_request(request)
        except ConnectionDropped:
            raise httpx.ReadError(
                "The local TikTok broke the connection, as it was told to.", request=request
            ) from None
