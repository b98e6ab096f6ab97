"""The page on which a person lets an app act for them. Source: Marketing API v1.3, authorization.

How TikTok's own page looks is not documented; what it takes and where it leads is. What a cancelled request comes back
with is not either: here it is what OAuth 2 says (RFC 6749, 4.1.2.1), ``error=access_denied``. Where the app or
the address is wrong, the person is told, as there, and nobody is sent anywhere.

Whoever opens the page is taken at their word: they say who they are by a link, as nobody has a password here.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconciler.sandbox import apps, oauth
from reconciler.sandbox.access import READ_AUDIENCES, SHARE_AUDIENCES, WRITE_AUDIENCES, digest_of, spell_scopes
from reconciler.sandbox.envelope import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.sandbox.database import Database, Transaction

PATH = "/portal/auth"

SCOPES = {
    READ_AUDIENCES: "Read audiences",
    WRITE_AUDIENCES: "Create and update audiences",
    SHARE_AUDIENCES: "Share audiences",
}

FORM_SECONDS = 60 * 60
"""How long a page that is shown may be answered."""


@dataclass(frozen=True, slots=True)
class Seat:
    """An account a person has a role on."""

    advertiser_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may log in, and what they may do where."""

    user_id: str
    name: str
    email: str
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the browser gets: a page, or where to go next."""

    status: int
    page: str = ""
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an app asks for."""

    app_id: str
    state: str
    redirect_uri: str


def show(database: Database, query: Sequence[tuple[str, str]]) -> Reply:
    """Return the page that asks a person, or one that says why there is nothing to ask."""
    with database.transaction() as transaction:
        try:
            asked = _read(transaction, query)
        except _UnusableError as problem:
            return _page("refused.html.j2", 400, problem=str(problem))
        nonce = secrets.token_urlsafe(24)
        transaction.connection.execute(
            "DELETE FROM consent_forms WHERE shown_at < ?", (transaction.now - FORM_SECONDS,)
        )
        transaction.connection.execute("INSERT INTO consent_forms VALUES (?, ?)", (digest_of(nonce), transaction.now))
        people = _people(transaction)
    chosen = dict(query).get("person")
    person = next((each for each in people if each.user_id == chosen), people[0] if people else None)
    others = [(each, _address(asked, each)) for each in people if each is not person]
    return _page(
        "consent.html.j2", 200, asked=asked, nonce=nonce, person=person, others=others, scopes=SCOPES, path=PATH
    )


def decide(database: Database, form: Sequence[tuple[str, str]]) -> Reply:
    """Do what the person decided, and send them back to the app; a page is answered once."""
    fields = dict(form)
    with database.transaction() as transaction:
        try:
            asked = _read(transaction, [pair for pair in form if pair[0] in {"app_id", "state", "redirect_uri"}])
            _use_up(transaction, fields.get("nonce", ""))
            if fields.get("decision") != "confirm":
                return _back(asked, {"error": "access_denied"})
            return _back(asked, {"auth_code": _granted(transaction, asked, form)})
        except _UnusableError as problem:
            return _page("refused.html.j2", 400, problem=str(problem))


class _UnusableError(Exception):
    """A request that leads nowhere; its words are shown to the person."""


def _read(transaction: Transaction, fields: Sequence[tuple[str, str]]) -> _Asked:
    """Return what is asked for. Nothing that is wrong here may send anybody to the address it names."""
    names = [name for name, _ in fields]
    found = dict(fields)
    for name in ("app_id", "state", "redirect_uri"):
        if names.count(name) != 1 or not found[name]:
            raise _UnusableError(f"The address lacks {name}, or names it twice.")
    asked = _Asked(found["app_id"], found["state"], found["redirect_uri"])
    try:
        apps.require_app_id(transaction, asked.app_id)
        parts = urlsplit(asked.redirect_uri)
    except (Refusal, ValueError) as problem:
        raise _UnusableError(str(problem)) from problem
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise _UnusableError("The redirect_uri is no web address.")
    if not apps.is_registered(transaction, asked.redirect_uri):
        raise _UnusableError("The redirect_uri is not one that is registered with the app.")
    return asked


def _use_up(transaction: Transaction, nonce: str) -> None:
    shown = transaction.connection.execute(
        "DELETE FROM consent_forms WHERE digest = ? AND shown_at >= ?",
        (digest_of(nonce), transaction.now - FORM_SECONDS),
    )
    if not shown.rowcount:
        raise _UnusableError("This page has been answered before, or is too old. Go back to the app and begin again.")


def _granted(transaction: Transaction, asked: _Asked, form: Sequence[tuple[str, str]]) -> str:
    """Return the code for what was ticked, as far as the person may give it."""
    people = {each.user_id: each for each in _people(transaction)}
    person = people.get(dict(form).get("person", ""))
    if person is None:
        raise _UnusableError("Nobody is chosen to log in. Go back to the app and begin again.")
    ticked = set(form)
    accounts = [seat.advertiser_id for seat in person.seats if ("advertiser_id", seat.advertiser_id) in ticked]
    scopes = [number for number in SCOPES if ("scope", str(number)) in ticked]
    return oauth.issue_code(transaction, asked.app_id, person.user_id, spell_scopes(scopes), accounts)


def _people(transaction: Transaction) -> tuple[Person, ...]:
    """Return everybody who has a role anywhere, by name."""
    rows: list[tuple[str, str, str, str, str, str]] = transaction.connection.execute(
        "SELECT user_id, display_name, email, advertiser_id, name, role"
        " FROM people JOIN seats USING (user_id) JOIN advertisers USING (advertiser_id)"
        " ORDER BY display_name, user_id, advertiser_id"
    ).fetchall()
    seats: dict[tuple[str, str, str], list[Seat]] = {}
    for user_id, person, email, advertiser_id, name, role in rows:
        seats.setdefault((user_id, person, email), []).append(Seat(advertiser_id, name, role))
    return tuple(Person(*who, tuple(where)) for who, where in seats.items())


def _address(asked: _Asked, person: Person) -> str:
    """Return where the same page is, for another person."""
    query = {"app_id": asked.app_id, "state": asked.state, "redirect_uri": asked.redirect_uri, "person": person.user_id}
    return f"{PATH}?{urlencode(query)}"


def _back(asked: _Asked, answer: Mapping[str, str]) -> Reply:
    parts = urlsplit(asked.redirect_uri)
    kept = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([*kept, *answer.items(), ("state", asked.state)])
    return Reply(302, location=urlunsplit(parts._replace(query=query)), headers={"Cache-Control": "no-store"})


@cache
def _templates() -> Environment:
    # Everything is escaped, by no suffix: a template that ends in .j2 is no HTML to jinja2's own choice.
    return Environment(loader=PackageLoader("reconciler.sandbox"), autoescape=True, undefined=StrictUndefined)


def _page(template: str, status: int, **values: object) -> Reply:
    style = _templates().get_template("portal.css").render()
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{hashed}'; frame-ancestors 'none'; base-uri 'none'"
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return Reply(status, _templates().get_template(template).render(style=style, **values), headers=headers)
