"""What a token may do, as people and programs read it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from reconciler.auth.model import AccountStanding, Holder, Keeping, Profile, Standing
from reconciler.report.standing_document import standings_document
from reconciler.report.standing_text import render_account, render_standings
from reconciler.secret import Secret
from reconciler.tiktok.model import Account, Lack, Role, Scope, User
from reconciler.tiktok.permission import Work, lacking, lacks_scope, out_of_reach

if TYPE_CHECKING:
    from collections.abc import Callable

JANE: Final = User("7411", "Jane Roe", "jane@agency.example")
AGENCY: Final = Profile(
    "agency",
    "https://business-api.tiktok.com/open_api/v1.3",
    "7011",
    JANE,
    frozenset({4, 30, 31}),
    ("7001", "7002"),
    datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    Keeping.KEYRING,
)
HOLDER: Final = Holder("profile agency (keyring)", Secret("a-token"), AGENCY, AGENCY.scopes, {}, {})
ACME: Final = Account("7001", "Acme US", "STATUS_ENABLE", "USD", "America/New_York", Role.ADMIN, "7100")


def on(account: Account, key: str | None = None, scopes: frozenset[int] | None = AGENCY.scopes) -> AccountStanding:
    return AccountStanding(account.advertiser_id, key, account, {work: lacking(work, account, scopes) for work in Work})


def unseen(advertiser_id: str, key: str | None, lack: Lack) -> AccountStanding:
    return AccountStanding(advertiser_id, key, None, dict.fromkeys(Work, (lack,)))


NO_SHARING: Final = lacks_scope(Scope.SHARE)
ANALYST: Final = replace(ACME, advertiser_id="7002", name="Acme EU", role=Role.ANALYST, business_center_id=None)
ALIVE: Final = Standing(HOLDER, JANE, None, (on(ACME, "acme_us"), on(ANALYST)))
DEAD: Final = Standing(
    replace(HOLDER, origin="TIKTOK_ACCESS_TOKEN", profile=None, scopes=None),
    None,
    Lack("TikTok does not take it (expired)", "Run `reconciler auth login`."),
    (unseen("7003", "acme_uk", Lack("TikTok does not take it (expired)", "Run `reconciler auth login`.")),),
)


def test_a_token_is_told_with_its_owner_its_scopes_and_each_account(printed: Callable[..., str]) -> None:
    text = " ".join(printed(render_standings, [ALIVE]).split())
    for said in (
        "profile agency (keyring)",
        "token: alive, of Jane Roe <jane@agency.example>",
        "scopes: 30 read audiences, 31 create and update audiences, 1 that has nothing to do with audiences",
        'acme_us (7001): "Acme US", STATUS_ENABLE, USD, Business Center 7100, your role is Admin',
        "may read and write - may not share: the token lacks scope 32 (share audiences).",
        '7002: "Acme EU", STATUS_ENABLE, USD, in no Business Center, your role is Analyst',
        "may not write or share: your role is Analyst. Ask a Business Center admin for Ad Account Operator or Admin.",
    ):
        assert said in text


def test_a_dead_token_is_told_once_with_the_way_out_and_the_accounts_that_wanted_it(
    printed: Callable[..., str],
) -> None:
    text = printed(render_standings, [DEAD])
    assert "TIKTOK_ACCESS_TOKEN\n" in text
    assert text.count("TikTok does not take it (expired)") == 1
    assert "Run `reconciler auth login`." in text
    assert "acme_uk (7003)" in text
    assert "alive" not in text


def test_nobody_being_logged_in_is_a_sentence(printed: Callable[..., str]) -> None:
    assert printed(render_standings, []) == "Nobody is logged in. Run `reconciler auth login`.\n"


def test_a_token_for_no_account_says_so(printed: Callable[..., str]) -> None:
    assert "It may act for no account that is known here." in printed(render_standings, [replace(ALIVE, accounts=())])


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        (None, "scopes: unknown: TikTok tells them at login only"),
        (frozenset(), "scopes: none"),
        (frozenset({3}), "scopes: 3 everything about audiences"),
        (frozenset({30, 4, 5}), "30 read audiences, 2 that have nothing to do with audiences"),
    ],
)
def test_scopes_go_by_number_and_name(printed: Callable[..., str], scopes: frozenset[int] | None, said: str) -> None:
    text = printed(render_standings, [replace(ALIVE, holder=replace(HOLDER, scopes=scopes))])
    assert said in " ".join(text.split())


def test_a_role_nobody_can_read_leaves_the_first_write_to_tell(printed: Callable[..., str]) -> None:
    unknown = replace(ACME, role=Role.UNKNOWN, business_center_id=None)
    text = printed(render_account, on(unknown, scopes=None))
    assert "in no Business Center, role unknown" in " ".join(text.split())
    assert "may read, write and share (TikTok decides at the first write)" in text


def test_an_account_out_of_reach_says_whom_to_ask(printed: Callable[..., str]) -> None:
    text = " ".join(printed(render_account, unseen("7009", "globex", out_of_reach("No permission."))).split())
    assert "globex (7009) - may not read, write or share: the token may not act for it (No permission)." in text
    assert "in its Business Center" in text


def test_everything_fits_a_terminal_of_80_columns_and_nothing_is_cut(shown: Callable[..., str]) -> None:
    text = shown(render_standings, [replace(ALIVE, accounts=(on(replace(ACME, name="ß" * 200)),)), DEAD])
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert text.count("ß") == 200
    assert "…" not in text


@given(st.text(alphabet=st.characters(), max_size=40))
def test_a_name_is_shown_and_never_obeyed(name: str) -> None:
    paper = StringIO()
    owner = User("1", name, name)
    account = replace(ACME, name=name, status=name or "S", currency=name)
    console = Console(file=paper, width=80, soft_wrap=True, _environ={})
    render_standings([Standing(HOLDER, owner, None, (on(account, "acme"),))], console)
    assert not {each for each in paper.getvalue() if not each.isprintable()} - {"\n"}


def test_what_looks_like_markup_in_a_name_is_a_name(printed: Callable[..., str]) -> None:
    assert "[red]Acme[/red]" in printed(render_account, on(replace(ACME, name="[red]Acme[/red]")))


def test_as_json_everything_is_there_but_the_token() -> None:
    document = standings_document([ALIVE, DEAD])
    assert "a-token" not in json.dumps(document)
    assert document["format_version"] == 1
    alive, dead = json.loads(json.dumps(document))["tokens"]
    assert {name: alive[name] for name in alive if name != "accounts"} == {
        "origin": "profile agency (keyring)",
        "profile": "agency",
        "kept_in": "keyring",
        "app_id": "7011",
        "logged_in_at": "2026-03-01T09:30:00Z",
        "alive": True,
        "problem": None,
        "user": {"id": "7411", "name": "Jane Roe", "email": "jane@agency.example"},
        "scopes": [
            {"id": 4, "name": None},
            {"id": 30, "name": "read audiences"},
            {"id": 31, "name": "create and update audiences"},
        ],
    }
    assert alive["accounts"][0] == {
        "advertiser_id": "7001",
        "key": "acme_us",
        "name": "Acme US",
        "status": "STATUS_ENABLE",
        "currency": "USD",
        "timezone": "America/New_York",
        "business_center_id": "7100",
        "role": "ADMIN",
        "read": {"allowed": True, "missing": []},
        "write": {"allowed": True, "missing": []},
        "share": {
            "allowed": False,
            "missing": [{"reason": NO_SHARING.reason, "way_out": NO_SHARING.way_out}],
        },
    }
    assert (dead["alive"], dead["user"], dead["scopes"], dead["profile"]) == (False, None, None, None)
    assert dead["problem"]["reason"] == "TikTok does not take it (expired)"


def test_as_json_what_nobody_knows_is_null() -> None:
    unknown = on(replace(ACME, role=Role.UNKNOWN, business_center_id=None))
    gone = unseen("7009", None, out_of_reach("no"))
    document = json.loads(json.dumps(standings_document([replace(ALIVE, accounts=(unknown, gone))])))
    first, second = document["tokens"][0]["accounts"]
    assert (first["role"], first["business_center_id"], first["key"]) == (None, None, None)
    assert {second[each] for each in ("name", "status", "currency", "timezone", "role", "key")} == {None}
    assert not any(second[str(work)]["allowed"] for work in Work)
