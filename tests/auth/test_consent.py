"""What comes back from TikTok's page counts only with the state that was sent along."""

from __future__ import annotations

import contextlib
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.auth.consent import is_loopback, new_state, read_answer, require_address
from reconciler.auth.errors import (
    DeniedError,
    LoginError,
    RedirectUriError,
    UnreadableRedirectError,
    WrongStateError,
)
from reconciler.secret import Secret

STATE = Secret("state-of-this-login_0123456789-abcdefghijkl")
CODE = "a-code-that-nobody-may-read"
QUERY = f"auth_code={CODE}&state={STATE.reveal()}"
ADDRESS = f"http://127.0.0.1:8976/callback?{QUERY}"


@pytest.mark.parametrize(
    "written",
    [
        ADDRESS,
        QUERY,
        f"?{QUERY}",
        f"state={STATE.reveal()}&auth_code={CODE}",
        f"{ADDRESS}#_=_",
        f"{QUERY}#top",
        f"  {ADDRESS}\n",
        f'"{ADDRESS}"',
        f"'{ADDRESS}'",
        f"<{ADDRESS}>",
        f"`{ADDRESS}`",
        f"{ADDRESS[:60]}\r\n   {ADDRESS[60:]}",
        f"https://login.example/back?tenant=7&{QUERY}&code=another",
    ],
)
def test_the_code_is_read_however_the_address_was_copied(written: str) -> None:
    assert read_answer(written, STATE).reveal() == CODE


def test_a_question_mark_within_a_query_ends_nothing() -> None:
    assert read_answer(f"?auth_code=what?&state={STATE.reveal()}", STATE).reveal() == "what?"


def test_a_code_with_signs_that_addresses_escape_is_read_as_it_was_sent() -> None:
    code = "a+b/c=d&e%f"
    assert read_answer(f"?auth_code={quote(code, safe='')}&state={STATE.reveal()}", STATE).reveal() == code


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        f"auth_code={CODE}",
        f"auth_code={CODE}&state=",
        f"auth_code={CODE}&state=of-another-login",
        f"auth_code={CODE}&state={STATE.reveal()}x",
        f"auth_code={CODE}&state={STATE.reveal()[:-1]}",
        f"auth_code={CODE}&state={STATE.reveal().upper()}",
        f"auth_code={CODE}&State={STATE.reveal()}",
        f"auth_code={CODE}&state=%ED%95%9C",
        f"auth_code={CODE}#&state={STATE.reveal()}",
        "error=access_denied&state=of-another-login",
        "error=access_denied",
    ],
)
def test_an_answer_without_this_state_is_refused_whatever_else_it_says(query: str) -> None:
    with pytest.raises(WrongStateError):
        read_answer(f"http://127.0.0.1:8976/callback?{query}", STATE)


@pytest.mark.parametrize(
    "query", ["error=access_denied", "error=server_error&auth_code=x", "auth_code=", "", "code=not-the-field"]
)
def test_an_error_or_no_code_is_a_no(query: str) -> None:
    with pytest.raises(DeniedError):
        read_answer(f"{query}&state={STATE.reveal()}", STATE)


@pytest.mark.parametrize(
    "written",
    [
        f"{QUERY}&state={STATE.reveal()}",
        f"{QUERY}&state=other",
        f"state=other&{QUERY}",
        f"{QUERY}&auth_code=another",
        f"{QUERY}&auth_code={CODE}",
        f"{QUERY}&error=a&error=b",
    ],
)
def test_an_answer_that_says_something_twice_is_none(written: str) -> None:
    with pytest.raises(UnreadableRedirectError, match="twice"):
        read_answer(written, STATE)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   \n",
        '""',
        f"{QUERY}&x={'y' * 9000}",
        "&".join(f"x{n}={n}" for n in range(50)) + f"&{QUERY}",
        f"auth_code=%FF%FE&state={STATE.reveal()}",
        f"auth_code=line%0Abreak&state={STATE.reveal()}",
        f"auth_code=%ED%95%9C&state={STATE.reveal()}",
        f"auth_code=\udcff&state={STATE.reveal()}",
    ],
)
def test_what_is_no_answer_is_told_apart_from_a_no(written: str) -> None:
    with pytest.raises(UnreadableRedirectError) as refused:
        read_answer(written, STATE)
    assert "auth_code and state" in (refused.value.hint or "")


@given(st.text() | st.text(st.characters(exclude_categories=())) | st.binary().map(lambda raw: raw.decode("latin-1")))
@example("state=\udcff")
@example("//[")
def test_anything_at_all_ends_in_a_sentence(written: str) -> None:
    with pytest.raises(LoginError) as refused:
        read_answer(written, STATE)
    assert refused.value.hint


@given(
    st.lists(
        st.tuples(st.sampled_from(["state", "auth_code", "error", "x"]), st.text(max_size=50) | st.just(CODE)),
        max_size=6,
    ),
    st.booleans(),
)
def test_no_code_comes_out_without_exactly_this_state(fields: list[tuple[str, str]], knows: bool) -> None:
    sent = [*fields, *([("state", STATE.reveal())] if knows else [])]
    written = "http://127.0.0.1/callback?" + urlencode(sent, errors="replace")
    code = None
    with contextlib.suppress(LoginError):
        code = read_answer(written, STATE)
    if code is not None:
        assert [value for name, value in sent if name == "state"] == [STATE.reveal()]
        assert [value for name, value in sent if name == "auth_code"] == [code.reveal()]


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200), st.sampled_from(["", "#x"])
)
def test_every_code_of_printable_signs_comes_out_as_it_went_in(code: str, end: str) -> None:
    written = "https://login.example/back?" + urlencode({"auth_code": code, "state": STATE.reveal()}) + end
    assert read_answer(written, STATE).reveal() == code


def test_neither_the_code_nor_the_state_is_in_an_error() -> None:
    for written in (f"{QUERY}&state=x", f"auth_code={CODE}%0A&state={STATE.reveal()}", f"auth_code={CODE}&state=x"):
        with pytest.raises(LoginError) as refused:
            read_answer(written, STATE)
        said = f"{refused.value} {refused.value.hint} {refused.value!r} {vars(refused.value)}"
        assert CODE not in said
        assert STATE.reveal() not in said


def test_no_two_logins_have_the_same_state() -> None:
    states = {new_state().reveal() for _ in range(100)}
    assert len(states) == 100
    assert all(len(each) >= 43 for each in states), "256 bits"


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8976/callback", "http://localhost/", "http://[::1]:9000", "https://login.example/back?tenant=7"],
)
def test_an_address_that_a_browser_can_be_sent_to_is_taken(address: str) -> None:
    require_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.0.0.1:8976/callback",
        "ftp://127.0.0.1/",
        "http://",
        "http:///callback",
        "http://:8976/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:port/",
        "http://[::1/",
        "http://127.0.0.1/#top",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_leads_nowhere_is_refused_with_the_option_that_names_another(address: str) -> None:
    with pytest.raises(RedirectUriError) as refused:
        require_address(address)
    assert "--redirect-uri" in (refused.value.hint or "")


@given(st.text())
def test_no_address_breaks_the_check(address: str) -> None:
    with contextlib.suppress(RedirectUriError):
        require_address(address)


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://127.0.0.1:8976/", True),
        ("http://LOCALHOST/", True),
        ("http://[::1]/", True),
        ("http://127.0.0.1.evil.example/", False),
        ("http://localhost.evil.example/", False),
        ("http://127.0.0.1@evil.example/", False),
        ("https://login.example/", False),
    ],
)
def test_only_this_machine_is_loopback(address: str, here: bool) -> None:
    assert is_loopback(address) is here


@pytest.mark.parametrize(
    "written", ["state={}&auth_code=a?b", "?state={}&auth_code=a?b", "http://127.0.0.1/x=y?state={}&auth_code=a?b#z"]
)
def test_a_question_mark_in_the_code_is_part_of_it(written: str) -> None:
    assert read_answer(written.format(STATE.reveal()), STATE).reveal() == "a?b"


@pytest.mark.parametrize("odd", ["\udcff", "\n", "\x1b[31m", "\x00", "\u202e"])
def test_a_redirect_uri_of_odd_signs_is_refused_and_not_repeated(odd: str) -> None:
    with pytest.raises(RedirectUriError) as refused:
        require_address(f"http://127.0.0.1/an-address{odd}")
    assert "an-address" not in refused.value.message
    assert "--redirect-uri" in (refused.value.hint or "")
