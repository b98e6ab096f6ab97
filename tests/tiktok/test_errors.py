"""Every code TikTok documents becomes an error that says what happened, to which account, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ReconcilerError
from reconciler.tiktok.errors import (
    AppSecretError,
    AuthCodeError,
    CredentialError,
    FileRefusedError,
    InUseError,
    InvalidRequestError,
    NotEditableError,
    NotReadyError,
    PartialSuccessError,
    PermissionDeniedError,
    RateLimitedError,
    ServiceFaultError,
    TikTokError,
    UnhashedError,
    UnknownAppError,
    WriteConflictError,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

DELETE = "dmp/custom_audience/delete/"


def refused(
    code: int, said: str = "No.", path: str = "dmp/custom_audience/list/", part: Mapping[str, object] | None = None
) -> TikTokError:
    return refusal(
        said, code=code, request_id="20240101REQUEST", path=path, advertiser_id="7000000000000000001", part=part or {}
    )


@pytest.mark.parametrize(
    ("kind", "codes", "hint"),
    [
        (InvalidRequestError, (40000, 40002, 40007, 40011, 40700), "Change what TikTok's message names"),
        (PermissionDeniedError, (40001, 40003, 40117, 40118, 40130, 40301), "Operator or Admin"),
        (RateLimitedError, (40100, 40016, 40132, 40133), "allowance"),
        (CredentialError, (40102, 40104, 40105, 40106), "TIKTOK_ACCESS_TOKEN"),
        (UnknownAppError, (40113,), "TIKTOK_APP_ID"),
        (AppSecretError, (40101,), "TIKTOK_APP_SECRET"),
        (AuthCodeError, (40110,), "auth login"),
        (WriteConflictError, (40202,), "wait until it is done"),
        (NotReadyError, (40201,), "in a few minutes"),
        (FileRefusedError, (40905, 40906, 40907, 40908, 40909, 40910), "Upload the file again"),
        (UnhashedError, (40062,), "Stop"),
        (ServiceFaultError, (50000, 50002, 51000, 51999, 52000, 52999, 60001, 61000), "run again later"),
        (PartialSuccessError, (20001,), "Run again"),
        (TikTokError, (40040, 49999, 53000, 1), "request id"),
    ],
)
def test_a_code_has_its_class_and_its_way_out(kind: type[TikTokError], codes: tuple[int, ...], hint: str) -> None:
    for code in codes:
        error = refused(code)
        assert type(error) is kind, code
        assert error.hint is not None
        assert hint in error.hint


@pytest.mark.parametrize("code", [20001, 40001, 40002, 40062, 40100, 40105, 40201, 40202, 40905, 50000, 12345])
def test_every_message_carries_what_support_asks_for(code: int) -> None:
    error = refused(code, "Because of that.")

    assert isinstance(error, ReconcilerError)
    assert f"code {code}, request 20240101REQUEST" in error.message
    assert "Because of that." in error.message
    assert "dmp/custom_audience/list/ for advertiser 7000000000000000001" in error.message


@pytest.mark.parametrize("code", [40001, 40106])
def test_a_missing_right_names_the_account_in_message_and_way_out(code: int) -> None:
    error = refused(code)

    assert "7000000000000000001" in error.message
    assert "advertiser 7000000000000000001" in str(error.hint)


def test_a_missing_permission_names_role_and_scope() -> None:
    hint = str(refused(40001).hint)

    assert "Operator or Admin" in hint
    assert "31 to write" in hint


def test_an_audience_that_is_processing_is_told_from_a_bad_parameter() -> None:
    error = refused(40002, "Audience is not editable: 7300000000000000001.", "dmp/custom_audience/update/")

    assert type(error) is NotEditableError


@pytest.mark.parametrize(
    "said",
    [
        "Audience 73 cannot be deleted: it is being used by ad groups 17, 18.",
        "The audience is in use.",
        "Audience has been used in active adgroup.",
        "This audience is associated with an ad.",
        "Audience is currently used by 2 Ad Groups",
    ],
)
@pytest.mark.parametrize("code", [40000, 40002, 40700, 40899])
def test_a_delete_refused_for_use_says_to_take_it_out_first(code: int, said: str) -> None:
    error = refused(code, said, DELETE)

    assert type(error) is InUseError
    assert "Take the audience out" in str(error.hint)


def test_a_delete_refused_for_another_reason_is_not_blamed_on_use() -> None:
    assert type(refused(40002, "custom_audience_ids: Too many.", DELETE)) is InvalidRequestError


def test_words_about_ad_groups_mean_use_only_where_something_is_deleted() -> None:
    assert type(refused(40002, "Unknown ad group field.", "adgroup/get/")) is InvalidRequestError


def test_words_never_turn_a_missing_permission_into_something_else() -> None:
    assert type(refused(40001, "No permission for the ad group in use.", DELETE)) is PermissionDeniedError


def test_a_partial_success_says_which_part_failed() -> None:
    error = refused(20001, "Partly done.", part={"failed_audience_ids": ["73", "74"], "done": []})

    assert isinstance(error, PartialSuccessError)
    assert "failed_audience_ids: ['73', '74']" in error.message
    assert "done" not in error.message.split("failed_audience_ids")[1]


def test_words_of_tiktok_cannot_command_a_terminal_or_flood_it() -> None:
    error = refused(40002, "first\nsecond\x1b[31m" + "x" * 5000)

    assert error.message.isprintable()
    assert "first second" in error.message
    assert len(error.message) < 800


def test_silence_is_reported_as_such() -> None:
    assert "no reason given" in refused(40002, "").message


def test_what_is_wrong_before_any_call_is_not_blamed_on_tiktok() -> None:
    assert CredentialError("there is no access token").message == "There is no access token"
