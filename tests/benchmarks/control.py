"""What an apply asks for before it streams: an enabled account, and the audiences made in it."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

import orjson

_OK: Final = 0
_UNSUPPORTED: Final = 40008
"""Marketing API v1.3, return codes: no such path."""


class Accounts:
    """Every account there is: enabled, in no Business Center, holding the streaming audiences created in it."""

    def __init__(self) -> None:
        self._audiences: dict[str, dict[str, str]] = {}

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        """Answer a control request with an envelope.

        Args:
            method: HTTP's.
            target: Path and query, as requested.
            body: JSON, or nothing.
        """
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        match method, url.path.strip("/"):
            case "GET", "advertiser/info":
                return _envelope({"list": [_account(each) for each in orjson.loads(query["advertiser_ids"])]})
            case "GET", "bc/get":
                return _envelope(_listed([], query))
            case "GET", "dmp/custom_audience/list":
                held = self._audiences.get(query["advertiser_id"], {})
                return _envelope(_listed([_audience(*each) for each in held.items()], query))
            case "POST", "segment/audience":
                return _envelope({"audience_id": self._create(orjson.loads(body))})
        return _envelope({}, code=_UNSUPPORTED, message=f"{method} {url.path} is not supported here")

    def _create(self, wanted: dict[str, str]) -> str:
        held = self._audiences.setdefault(wanted["advertiser_id"], {})
        audience_id = str(7_300_000_000_000_000_000 + sum(map(len, self._audiences.values())))
        held[audience_id] = wanted["custom_audience_name"]
        return audience_id


def _account(advertiser_id: str) -> dict[str, str]:
    return {
        "advertiser_id": advertiser_id,
        "name": "Benchmark",
        "status": "STATUS_ENABLE",
        "currency": "USD",
        "timezone": "Etc/UTC",
    }


def _audience(audience_id: str, name: str) -> dict[str, object]:
    return {"audience_id": audience_id, "name": name, "audience_type": "Partner Audience", "is_creator": True}


def _listed(records: list[dict[str, object]], query: dict[str, str]) -> dict[str, object]:
    """Return the page of `records` that `query` asks for; its account has at most 400 of them."""
    page, size = int(query["page"]), int(query["page_size"])
    info = {
        "page": page,
        "page_size": size,
        "total_number": len(records),
        "total_page": -(-len(records) // size),
    }
    return {"list": records[(page - 1) * size : page * size], "page_info": info}


def _envelope(content: dict[str, object], *, code: int = _OK, message: str = "OK") -> bytes:
    return orjson.dumps({"code": code, "message": message, "request_id": "0" * 32, "data": content})
