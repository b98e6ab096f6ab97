"""Whose token acts for an account."""

from __future__ import annotations

import pytest

from reconciler.config import Advertiser, Config
from reconciler.refresh.credentials import NoTokenError, token_for
from reconciler.secret import Secret
from tests.refresh.conftest import EU, US

OWN, SHARED = "the-accounts-own-token", "the-environments-token"
CONFIG = Config(state_url="/state", advertisers={"us": Advertiser("us", US, Secret(OWN)), "eu": Advertiser("eu", EU)})


def test_the_token_that_the_files_give_an_account_goes_first() -> None:
    assert token_for(US, CONFIG, {"TIKTOK_ACCESS_TOKEN": SHARED}) == Secret(OWN)


def test_an_account_without_one_takes_the_environments() -> None:
    assert token_for(EU, CONFIG, {"TIKTOK_ACCESS_TOKEN": SHARED}) == Secret(SHARED)


def test_an_account_that_the_files_no_longer_name_takes_the_environments() -> None:
    assert token_for("7000000000000000009", CONFIG, {"TIKTOK_ACCESS_TOKEN": SHARED}) == Secret(SHARED)


def test_a_line_break_at_the_end_of_the_variable_does_no_harm() -> None:
    assert token_for(EU, CONFIG, {"TIKTOK_ACCESS_TOKEN": f" {SHARED}\n"}) == Secret(SHARED)


@pytest.mark.parametrize("environ", [{}, {"TIKTOK_ACCESS_TOKEN": ""}, {"TIKTOK_ACCESS_TOKEN": " \n"}])
def test_no_token_at_all_names_the_account_and_the_ways_out(environ: dict[str, str]) -> None:
    with pytest.raises(NoTokenError, match=EU) as refused:
        token_for(EU, CONFIG, environ)

    for way_out in ("TIKTOK_ACCESS_TOKEN", "access_token", "--sandbox"):
        assert way_out in (refused.value.hint or "")
