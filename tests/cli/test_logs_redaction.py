"""Whatever a library logs, and however: no secret of this process and no person's id reaches stderr."""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
import warnings
from contextlib import redirect_stderr
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli import logs, screen
from reconciler.diagnostics import warning
from reconciler.redaction import SHORTEST_SECRET, spellings, strike
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

VALUE = 'tok/en+with"everything\\ä 5%'
DEVICE = "3f2a9c1e-7b4d-4a6e-9c3f-1d2e3f4a5b6c"

texts = st.text(st.characters(codec="utf-8"), max_size=60)
secrets = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=SHORTEST_SECRET, max_size=60)


def logged(tell: Callable[[], object], *arguments: str) -> str:
    """Return what stands on stderr after `tell`, logged as a command with these arguments would."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, root.handlers[:] = root.handlers[:], []  # pytest's own are no part of it
    try:
        return _told(tell, stream, arguments)
    finally:
        root.handlers[:] = handlers


def _told(tell: Callable[[], object], stream: io.StringIO, arguments: tuple[str, ...]) -> str:
    with redirect_stderr(stream), logs.logging_to_stderr(arguments, {}):
        if "-v" in arguments:
            logs.say_more(1)
        tell()
    return stream.getvalue()


def hostile() -> logging.Logger:
    return logging.getLogger("some_library.http")


@settings(max_examples=60, deadline=None, database=None)
@given(secret=secrets, before=texts, after=texts)
def test_a_secret_is_struck_wherever_it_stands(secret: str, before: str, after: str) -> None:
    held = Secret(secret)
    for spelled in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
        assert spelled not in strike(f"{before}{spelled}{after}") or spelled in "***"
    assert held


@settings(max_examples=60, deadline=None, database=None)
@given(secret=secrets, before=st.binary(max_size=20), after=st.binary(max_size=20))
def test_so_it_is_inside_base64_wherever_it_begins(secret: str, before: bytes, after: bytes) -> None:
    held = Secret(secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        told = strike(encode(before + secret.encode() + after).decode())
        assert "***" in told
        assert not any(each in told for each in spellings(secret))
    assert held


def test_a_secret_that_is_gone_is_not_searched_for_and_an_equal_one_still_is() -> None:
    first, second = Secret("abcdefgh12345"), Secret("abcdefgh12345")
    del first
    assert strike("abcdefgh12345") == "***"
    del second
    assert strike("abcdefgh12345") == "abcdefgh12345"


def test_what_is_too_short_to_be_a_secret_tears_no_words_apart() -> None:
    held = Secret("read")
    assert strike("already read") == "already read"
    assert held


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Access-Token: abc123", "Access-Token: ***"),
        ("{'Access-Token': 'abc 123', 'Host': 'x'}", "{'Access-Token': ***, 'Host': 'x'}"),
        ("[(b'authorization', b'Basic abc123'), (b'host', b'x')]", "[(b'authorization', b***), (b'host', b'x')]"),
        ("Authorization: Bearer abc.def\r\nHost: x", "Authorization: ***\r\nHost: x"),
        ("https://x/?access_token=abc&page=2", "https://x/?access_token=***&page=2"),
        ('{"app_secret": "abc", "app_id": "7"}', '{"app_secret": "***", "app_id": "7"}'),
        ('{\\"auth_code\\": \\"abc\\", \\"app_id\\"', '{\\"auth_code\\": \\"***\\", \\"app_id\\"'),
        ("postgres://ana:pass@db.example/x", "postgres://***@db.example/x"),
        ("AKIAIOSFODNN7EXAMPLE and more", "*** and more"),
        ("https://s3/k?X-Amz-Signature=ab12&X-Amz-Date=1", "https://s3/k?X-Amz-Signature=***&X-Amz-Date=1"),
        ("https://blob/k?sv=1&sig=a%2Bb%3D&se=2", "https://blob/k?sv=1&sig=***&se=2"),
        ("AccountName=x;AccountKey=abc==;End", "AccountName=x;AccountKey=***;End"),
        ("https://gcs/k?X-Goog-Signature=ab12", "https://gcs/k?X-Goog-Signature=***"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nafter", "***\nafter"),
        ("key -----BEGIN RSA PRIVATE KEY-----\nthe rest is cut", "key ***"),
        ("ghp_0123456789abcdefABCD", "***"),
    ],
)
def test_credentials_are_known_by_their_look(told: str, shown: str) -> None:
    assert strike(told) == shown


def test_what_a_person_is_told_to_write_stays_readable() -> None:
    advice = "Set TIKTOK_ACCESS_TOKEN, or give the advertiser an access_token: ${TIKTOK_ACCESS_TOKEN}."
    assert strike(advice) == advice


@pytest.mark.parametrize("word", ["x@", "0", "access_token", "://", "cookie: '", "-----BEGIN PRIVATE KEY-----", "+1 "])
def test_no_text_makes_it_slow(word: str) -> None:
    """Were it to look at all of a text again from each of its characters, this would take minutes."""
    strike(word * 20_000, of_people=True)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "tell",
    [
        lambda: hostile().warning("sent %s with %r", "https://x", {"Access-Token": VALUE}),
        lambda: hostile().error(f"in the message itself: {VALUE}"),
        lambda: hostile().warning("extra", extra={"headers": VALUE}),
        lambda: hostile().warning("does not fit: %d", VALUE),
        lambda: warnings.warn(f"connecting with {VALUE}", ResourceWarning, stacklevel=1),
        lambda: logging.getLogger("reconciler.tiktok.client").warning("%s", quote(VALUE, safe="")),
        lambda: logging.getLogger("reconciler.x").warning("x", extra={"path": f"/{VALUE}"}),
        lambda: logging.getLogger("reconciler.x").warning("x", extra={"hint": base64.b64encode(VALUE.encode())}),
        lambda: hostile().warning(VALUE.encode()),
        lambda: screen.error(f"TikTok says {base64.b64encode(VALUE.encode()).decode()}", f"Ask {VALUE.encode().hex()}"),
        lambda: screen.findings([warning(f"there is no file http://x/{VALUE}", f"Not {quote(VALUE)}")]),
    ],
)
def test_a_hostile_library_cannot_tell_a_secret(tell: Callable[[], object], form: str) -> None:
    held = Secret(VALUE)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        told = logged(tell, "--log-format", form, "-v")
    assert told.strip()
    assert not [each for each in spellings(held.reveal()) if each in told]
    assert not [each for each in spellings(held.reveal()) if each in json.dumps(told)]


@pytest.mark.parametrize("form", ["text", "json"])
def test_nor_in_a_traceback(form: str) -> None:
    held = Secret(VALUE)

    def fail() -> None:
        try:
            int(f"{DEVICE} {VALUE}")
        except ValueError:
            hostile().exception("failed")

    told = logged(fail, "--log-format", form, "-v")
    assert "ValueError" in told
    assert DEVICE not in told
    assert not [each for each in spellings(held.reveal()) if each in told]


def test_without_v_nobody_sees_a_traceback() -> None:
    def fail() -> None:
        try:
            int("x")
        except ValueError:
            hostile().exception("it failed")

    assert logged(fail) == "it failed\n"


@pytest.mark.parametrize(
    "value",
    [DEVICE, DEVICE.upper(), DEVICE.replace("-", ""), "jane.roe+news@example.com", "+1 555 867 5309", "15558675309",
     "(555) 867-5309", "0" * 64],
)  # fmt: skip
def test_ids_of_people_are_struck_from_the_words_of_others(value: str) -> None:
    told = logged(lambda: hostile().warning("row 7 holds '%s' in column 2", value))
    assert value not in told
    assert "row 7 holds" in told
    assert "in column 2" in told


def test_and_our_own_ids_stay() -> None:
    run = "3f2a9c1e-7b4d-4a6e-9c3f-1d2e3f4a5b6c"
    assert run in logged(lambda: logging.getLogger("reconciler.x").warning("plan %s", run))


def test_afterwards_everything_is_as_it_was() -> None:
    root, stderr, show = logging.getLogger(), sys.stderr, warnings.showwarning
    before = (root.handlers[:], root.level)
    logged(lambda: None, "--log-format", "json", "-v")
    assert (root.handlers, root.level) == before
    assert (sys.stderr, warnings.showwarning) == (stderr, show)
