"""What every HTTP client here has in common, whomever it speaks to."""

from __future__ import annotations

import logging
from typing import Final

import httpx

# httpx logs whole URLs, which may hold a secret, and httpcore logs what goes over the wire.
for chatty in ("httpx", "httpcore"):
    logging.getLogger(chatty).setLevel(logging.ERROR)

NEVER_LEFT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""Failures after which a request has certainly not begun to leave, so that it may be sent again, whatever it does."""
