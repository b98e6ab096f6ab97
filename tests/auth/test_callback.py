"""The one answer of TikTok's is taken, over real HTTP on this machine; whatever else calls changes nothing."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.auth.callback import Callback, listening
from reconciler.auth.consent import new_state
from reconciler.auth.errors import BusyPortError, DeniedError, NoAnswerError, RedirectUriError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.secret import Secret

CODE = "a-code-that-nobody-may-read"
NOBODY = 0.001
"""Seconds to wait for an answer that is not to have come."""


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


@pytest.fixture
def state() -> Secret:
    return new_state()


@contextmanager
def waiting(state: Secret, uri: str = "http://127.0.0.1/callback", path: str | None = None) -> Iterator[Callback]:
    """Listen on any free port."""
    with listening(uri, state, port=0, path=path) as callback:
        yield callback


@pytest.fixture
def callback(state: Secret) -> Iterator[Callback]:
    """A login that waits."""
    with waiting(state) as callback:
        yield callback


@pytest.fixture
def answer(state: Secret) -> dict[str, str]:
    """What TikTok sends along where the person confirms."""
    return {"auth_code": CODE, "state": state.reveal()}


def port_of(callback: Callback) -> int:
    return httpx.URL(callback.redirect_uri).port or 0


@pytest.fixture(scope="module")
def besieged() -> Iterator[Besieged]:
    """A login at which every forged call of this file is tried, and that the genuine answer ends all the same."""
    state = new_state()
    with waiting(state) as callback:
        besieged = Besieged(callback, {"auth_code": CODE, "state": state.reveal()})
        yield besieged
        assert httpx.get(callback.redirect_uri, params=besieged.answer).status_code == 200
        assert callback.wait(10).reveal() == CODE


@dataclass(frozen=True, slots=True)
class Besieged:
    """A login that must get through all of this.

    Attributes:
        callback: What waits for its answer.
        answer: The answer, which a forger may have seen.
    """

    callback: Callback
    answer: dict[str, str]

    @property
    def uri(self) -> str:
        return self.callback.redirect_uri

    def has_an_answer(self) -> bool:
        try:
            self.callback.wait(NOBODY)
        except NoAnswerError:
            return False
        return True


def test_the_code_of_the_answer_is_handed_over(callback: Callback, answer: dict[str, str]) -> None:
    page = httpx.get(callback.redirect_uri, params=answer)

    assert page.status_code == 200
    assert callback.wait(10).reveal() == CODE


def test_an_answer_that_comes_while_it_is_waited_for_ends_the_waiting(
    callback: Callback, answer: dict[str, str]
) -> None:
    threading.Timer(0.05, httpx.get, [callback.redirect_uri], {"params": answer}).start()
    assert callback.wait(10).reveal() == CODE


def test_a_browser_that_says_what_it_does_is_heard(callback: Callback, answer: dict[str, str]) -> None:
    headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}
    assert httpx.get(callback.redirect_uri, params=answer, headers=headers).status_code == 200
    assert callback.wait(10).reveal() == CODE


def test_a_no_is_an_error_of_its_own_and_ends_the_waiting(callback: Callback, state: Secret) -> None:
    page = httpx.get(callback.redirect_uri, params={"error": "access_denied", "state": state.reveal()})

    assert page.status_code == 200
    assert "No permission was given" in page.text
    with pytest.raises(DeniedError):
        callback.wait(10)


def test_no_answer_in_time_says_how_long_it_was_waited(callback: Callback) -> None:
    with pytest.raises(NoAnswerError, match=r"0\.001 s") as missed:
        callback.wait(NOBODY)
    assert "--timeout" in (missed.value.hint or "")
    assert "--paste" in (missed.value.hint or "")


def test_a_second_answer_is_told_that_one_counts(callback: Callback, answer: dict[str, str], state: Secret) -> None:
    httpx.get(callback.redirect_uri, params=answer)
    others = [answer, {"auth_code": "another", "state": state.reveal()}, {"error": "x", "state": state.reveal()}, {}]

    assert [httpx.get(callback.redirect_uri, params=each).status_code for each in others] == [410] * 4
    assert callback.wait(10).reveal() == CODE


def test_of_many_answers_at_once_one_counts(callback: Callback, state: Secret) -> None:
    statuses: dict[str, int] = {}

    def send(code: str) -> None:
        params = {"auth_code": code, "state": state.reveal()}
        statuses[code] = httpx.get(callback.redirect_uri, params=params).status_code

    threads = [threading.Thread(target=send, args=(f"code-{number}",)) for number in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(statuses.values()) == [200] + [410] * 11
    assert statuses[callback.wait(10).reveal()] == 200


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"auth_code": "stolen"},
        {"auth_code": "stolen", "state": ""},
        {"auth_code": "stolen", "state": "guessed"},
        {"state": "guessed", "error": "access_denied"},
        {"error": "access_denied"},
    ],
)
def test_a_call_without_the_state_changes_nothing(besieged: Besieged, forged: dict[str, str]) -> None:
    page = httpx.get(besieged.uri, params=forged)

    assert page.status_code == 403
    assert "not the answer to this login" in page.text
    assert not besieged.has_an_answer()


@pytest.mark.parametrize("twice", ["state", "auth_code"])
def test_an_answer_that_says_something_twice_changes_nothing(besieged: Besieged, twice: str) -> None:
    page = httpx.get(besieged.uri, params=[*besieged.answer.items(), (twice, "another")])

    assert page.status_code == 400
    assert not besieged.has_an_answer()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "127.0.0.1.nip.io:{port}",
        "localhost.evil.example:{port}",
        "localhost:{other}",
        "127.0.0.1",
        "127.0.0.2:{port}",
        "127.1:{port}",
        "2130706433:{port}",
        "0.0.0.0:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "user@127.0.0.1:{port}",
    ],
)
def test_a_foreign_name_for_this_machine_changes_nothing_even_with_the_state(besieged: Besieged, host: str) -> None:
    port = port_of(besieged.callback)
    headers = {"Host": host.format(port=port, other=port ^ 1)}

    assert httpx.get(besieged.uri, params=besieged.answer, headers=headers).status_code == 421
    assert not besieged.has_an_answer()


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_this_machine_may_be_called_by_its_own_names(callback: Callback, answer: dict[str, str], host: str) -> None:
    headers = {"Host": host.format(port=port_of(callback))}
    assert httpx.get(callback.redirect_uri, params=answer, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "script", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": ""},
    ],
)
def test_a_page_that_fetches_instead_of_a_person_who_visits_changes_nothing_even_with_the_state(
    besieged: Besieged, headers: dict[str, str]
) -> None:
    assert httpx.get(besieged.uri, params=besieged.answer, headers=headers).status_code == 403
    assert not besieged.has_an_answer()


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_changes_nothing_even_with_the_state(besieged: Besieged, method: str) -> None:
    refused = httpx.request(method, besieged.uri, params=besieged.answer)

    assert refused.status_code == 405
    assert "GET" in refused.headers["allow"]
    assert not besieged.has_an_answer()


@pytest.mark.parametrize(
    "path",
    ["/", "/favicon.ico", "/callback/", "/callback/x", "/Callback", "//callback", "/x/../callback", "/callbackx"],
)
def test_another_path_changes_nothing_even_with_the_state(besieged: Besieged, path: str) -> None:
    query = httpx.QueryParams(besieged.answer)
    raw = f"GET {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port_of(besieged.callback)}\r\nConnection: close\r\n\r\n"

    assert talk(besieged.callback, raw.encode()).startswith(b"HTTP/1.1 404 ")
    assert not besieged.has_an_answer()


def talk(callback: Callback, sent: bytes) -> bytes:
    """Send bytes as they are and return what comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port_of(callback)), timeout=10) as connection:
        received = b""
        try:
            connection.sendall(sent)
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionError:
            pass  # it was closed on what was still being sent
        return received


@pytest.mark.parametrize(
    "junk",
    [
        b"x" * 65536,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512),
        b"GET /callback?" + b"x" * 65536 + b" HTTP/1.1\r\n\r\n",
        b"GET /callback HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /callback HTTP/1.1\r\n\r\n",
        b"GET /callback HTTP/1.1\r\nX: " + b"y" * 65536,
        b"\r\n\r\n\x00\xff\r\n\r\n",
    ],
    ids=["letters", "TLS", "long query", "two hosts", "no host", "long header", "bytes"],
)
def test_junk_is_refused_and_changes_nothing(besieged: Besieged, junk: bytes) -> None:
    assert not talk(besieged.callback, junk).startswith(b"HTTP/1.1 2")
    assert not besieged.has_an_answer()


def test_an_old_client_that_names_no_host_is_refused(besieged: Besieged) -> None:
    sent = f"GET /callback?{httpx.QueryParams(besieged.answer)} HTTP/1.0\r\n\r\n"
    assert b" 421 " in talk(besieged.callback, sent.encode()).partition(b"\r\n")[0]
    assert not besieged.has_an_answer()


def test_clients_that_never_end_their_request_hold_up_neither_the_answer_nor_the_end(
    state: Secret, answer: dict[str, str]
) -> None:
    with waiting(state) as callback:
        slow = [socket.create_connection(("127.0.0.1", port_of(callback))) for _ in range(30)]
        for each in slow:
            each.sendall(b"GET /callback HTTP/1.1\r\nHost: 127")
        assert httpx.get(callback.redirect_uri, params=answer).status_code == 200
        assert callback.wait(10).reveal() == CODE
        since = time.monotonic()
    assert time.monotonic() - since < 5
    for each in slow:
        each.close()


def test_nobody_listens_any_more_once_it_is_over(state: Secret) -> None:
    with waiting(state) as callback:
        pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(callback.redirect_uri)
    with listening(callback.redirect_uri, state, port=port_of(callback)) as again:
        assert again.redirect_uri == callback.redirect_uri, "the port is free at once"


def test_only_this_machine_is_listened_on(callback: Callback) -> None:
    """All of 127.0.0.0/8 is this machine, so an address of it that was not asked for stands for a foreign one."""
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port_of(callback))):
        pass


def test_the_port_and_the_path_are_those_of_the_redirect_uri(state: Secret, answer: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with listening(f"http://127.0.0.1:{port}/a%20path/of/mine", state) as callback:
        assert callback.redirect_uri == f"http://127.0.0.1:{port}/a%20path/of/mine"
        assert httpx.get(callback.redirect_uri, params=answer).status_code == 200


def test_a_query_of_the_redirect_uris_own_does_no_harm(state: Secret, answer: dict[str, str]) -> None:
    with waiting(state, "http://127.0.0.1/back?tenant=7") as callback:
        assert "?tenant=7" in callback.redirect_uri
        assert httpx.get(httpx.URL(callback.redirect_uri).copy_merge_params(answer)).status_code == 200


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://login.example/back", "login.example"),
        ("https://login.example:443/back", "login.example"),
        ("https://login.example/back", "LOGIN.example"),
        ("http://login.example:8080/back", "login.example:8080"),
    ],
)
def test_what_stands_in_front_may_pass_on_its_own_name_and_another_path(
    state: Secret, answer: dict[str, str], uri: str, host: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with listening(uri, state, port=port, path="/inside") as callback:
        assert callback.redirect_uri == uri, "TikTok is told the registered one"
        at = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{at}/back", params=answer, headers={"Host": host}).status_code == 404
        assert httpx.get(f"{at}/inside", params=answer, headers={"Host": "other.example"}).status_code == 421
        assert httpx.get(f"{at}/inside", params=answer, headers={"Host": host}).status_code == 200
        assert callback.wait(10).reveal() == CODE


def test_https_is_not_waited_for_where_nothing_stands_in_front(state: Secret) -> None:
    with pytest.raises(RedirectUriError, match="HTTPS") as refused, listening("https://localhost:8976/back", state):
        pass
    assert "--port" in (refused.value.hint or "")
    assert "--paste" in (refused.value.hint or "")


@pytest.mark.parametrize("uri", ["nonsense", "http://127.0.0.1:99999/", "http://[::1/", "http://127.0.0.1:0/"])
def test_what_is_no_address_is_not_listened_for(state: Secret, uri: str) -> None:
    with pytest.raises(RedirectUriError), listening(uri, state):
        pass


def test_a_busy_port_names_itself_and_the_ways_out(state: Secret) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        uri = f"http://127.0.0.1:{port}/callback"
        with pytest.raises(BusyPortError, match=f"port {port}") as refused, listening(uri, state):
            pass
    assert "--port" in (refused.value.hint or "")
    assert "--paste" in (refused.value.hint or "")


@needs_ipv6
def test_ipv6_is_listened_on_where_the_redirect_uri_says_so(state: Secret, answer: dict[str, str]) -> None:
    with waiting(state, "http://[::1]/callback") as callback:
        assert callback.redirect_uri == f"http://[::1]:{port_of(callback)}/callback"
        assert httpx.get(callback.redirect_uri, params=answer).status_code == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port_of(callback)))


@needs_ipv6
@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
def test_localhost_is_listened_on_by_both_its_addresses(state: Secret, answer: dict[str, str], address: str) -> None:
    with waiting(state, "http://localhost/callback") as callback:
        called = callback.redirect_uri.replace("localhost", address)
        headers = {"Host": f"localhost:{port_of(callback)}"}
        assert httpx.get(called, params=answer, headers=headers).status_code == 200
        assert callback.wait(10).reveal() == CODE


@needs_ipv6
def test_localhost_is_busy_where_somebody_listens_at_either_address(state: Secret) -> None:
    """A browser may prefer the other one, and the code would go there."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as busy:
        uri = f"http://localhost:{busy.getsockname()[1]}/callback"
        with pytest.raises(BusyPortError), listening(uri, state):
            pass


def test_localhost_is_listened_on_where_there_is_no_ipv6(
    state: Secret, answer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.create_server

    def without_ipv6(address: tuple[str, int], **options: object) -> socket.socket:
        if ":" in address[0]:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return real(address)

    monkeypatch.setattr(socket, "create_server", without_ipv6)
    with waiting(state, "http://localhost/callback") as callback:
        called = callback.redirect_uri.replace("localhost", "127.0.0.1")
        assert httpx.get(called, params=answer).status_code == 200


def test_nothing_of_an_answer_is_logged_or_shown(
    callback: Callback, answer: dict[str, str], state: Secret, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pages = [
        httpx.get(callback.redirect_uri, params={"auth_code": CODE, "state": "wrong"}),
        httpx.get(callback.redirect_uri, params=[*answer.items(), ("state", "again")]),
        httpx.get(f"{callback.redirect_uri}/elsewhere", params=answer),
        httpx.get(callback.redirect_uri, params=answer, headers={"Host": "evil.example"}),
        httpx.get(callback.redirect_uri, params=answer),
        httpx.get(callback.redirect_uri, params=answer),
    ]
    talk(callback, f"GET /callback?{httpx.QueryParams(answer)}\r\n\r\n".encode())

    said = "".join([caplog.text, *(each.text + str(each.headers) for each in pages), repr(callback)])
    assert CODE not in said
    assert state.reveal() not in said
