"""The page on which a person lets an app act for them, and where it leads."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox import APP_ID, Role, Sandbox
from tests.consent import ASKED, CALLBACK, STATE, Exchange, Form, Window, sent_back
from tests.sandbox.conftest import ADVERTISER, SECOND_ADVERTISER, Api

CONFIRMED = {"auth_code", "state"}


def test_the_page_names_the_app_the_person_the_accounts_and_the_permissions(window: Window) -> None:
    form = window.form()

    assert f"{APP_ID} asks to act for you" in form.text
    assert "Local Operator (local.operator@example.com)" in form.text
    assert form.offered("advertiser_id") == [ADVERTISER, SECOND_ADVERTISER]
    assert form.offered("scope") == ["30", "31", "32"]
    for label in ("Read audiences", "Create and update audiences", "Share audiences"):
        assert label in form.text


def test_a_role_is_shown_with_its_account(window: Window, sandbox: Sandbox) -> None:
    sandbox.controls.set_role(SECOND_ADVERTISER, Role.ANALYST)

    text = window.form().text

    assert f"({ADVERTISER}): Admin" in text
    assert f"({SECOND_ADVERTISER}): Analyst" in text


def test_a_yes_leads_back_with_a_code_and_the_state_and_nothing_else(window: Window) -> None:
    answer = window.submit(window.form().fields)

    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert set(sent_back(answer)) == CONFIRMED
    assert sent_back(answer)["state"] == STATE


def test_a_no_leads_back_with_an_error_and_the_state(window: Window) -> None:
    answer = window.submit(window.form().fields, "cancel")

    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert sent_back(answer) == {"error": "access_denied", "state": STATE}


@pytest.mark.parametrize("decision", ["", "yes", "CONFIRM"])
def test_nothing_but_a_click_on_confirm_is_a_yes(window: Window, decision: str) -> None:
    assert sent_back(window.submit(window.form().fields, decision))["error"] == "access_denied"


def test_a_query_of_the_address_itself_is_kept(window: Window) -> None:
    answer = window.submit(window.form(redirect_uri="https://relay.example/in?tenant=a%26b&empty=").fields)

    assert answer.headers["location"].startswith("https://relay.example/in?")
    pairs = parse_qsl(urlsplit(answer.headers["location"]).query, keep_blank_values=True)
    assert pairs[:2] == [("tenant", "a&b"), ("empty", "")]
    assert {name for name, _ in pairs[2:]} == CONFIRMED


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_state_comes_back_as_it_was(window: Window, state: str) -> None:
    assert sent_back(window.submit(window.form(state=state).fields, "cancel"))["state"] == state


@pytest.mark.parametrize("name", ASKED)
def test_a_page_that_lacks_a_field_asks_nothing_and_names_it(window: Window, name: str) -> None:
    query = {each: value for each, value in ASKED.items() if each != name}

    answer = window.send("GET", f"/portal/auth?{urlencode(query)}")

    assert answer.status_code == 400
    assert f"lacks {name}" in Form(answer.text).text


@pytest.mark.parametrize("name", ASKED)
def test_a_field_that_is_named_twice_is_refused(window: Window, name: str) -> None:
    answer = window.send("GET", f"/portal/auth?{urlencode([*ASKED.items(), (name, 'another')])}")

    assert answer.status_code == 400
    assert "names it twice" in Form(answer.text).text


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/callback",
        "callback",
        "http://",
        "http://[",
        "http://127.0.0.1:8976/callback#fragment",
        "",
    ],
)
def test_nobody_is_sent_to_what_is_no_web_address(window: Window, redirect_uri: str) -> None:
    answer = window.open(redirect_uri=redirect_uri)

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_an_app_that_does_not_exist_is_told_on_the_page_and_leads_nowhere(window: Window, sandbox: Sandbox) -> None:
    sandbox.controls.set_app("7011", "its-secret")

    answer = window.open(app_id="7012")

    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert "App 7012 does not exist" in Form(answer.text).text


def test_an_app_sends_people_to_its_registered_addresses_only(window: Window, sandbox: Sandbox) -> None:
    sandbox.controls.set_app("7011", "its-secret", [CALLBACK, "https://relay.example/in"])

    assert window.open(app_id="7011").status_code == 200
    assert window.open(app_id="7011", redirect_uri="https://relay.example/in").status_code == 200
    refused = window.open(app_id="7011", redirect_uri=f"{CALLBACK}/")
    assert (refused.status_code, "location" in refused.headers) == (400, False)
    assert "not one that is registered" in Form(refused.text).text


def test_an_app_that_registered_none_sends_people_anywhere(window: Window, sandbox: Sandbox) -> None:
    sandbox.controls.set_app("7011", "its-secret")

    assert window.open(app_id="7011").status_code == 200


def test_a_form_that_was_made_up_elsewhere_gives_nothing(window: Window, sandbox: Sandbox) -> None:
    forged = [pair for pair in window.form().fields if pair[0] != "nonce"]

    for fields in (forged, [*forged, ("nonce", "guessed")]):
        answer = window.submit(fields)
        assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert len(sandbox.controls.tokens()) == 1


def test_a_form_cannot_be_pointed_at_an_address_that_is_not_registered(window: Window, sandbox: Sandbox) -> None:
    sandbox.controls.set_app(APP_ID, "its-secret", [CALLBACK])
    fields = [(name, value) for name, value in window.form().fields if name != "redirect_uri"]

    answer = window.submit([*fields, ("redirect_uri", "https://evil.example/")])

    assert (answer.status_code, "location" in answer.headers) == (400, False)


@pytest.mark.parametrize("decision", ["confirm", "cancel"])
def test_a_page_is_answered_once(window: Window, decision: str) -> None:
    fields = window.form().fields
    window.submit(fields, decision)

    again = window.submit(fields)

    assert again.status_code == 400
    assert "answered before" in Form(again.text).text


def test_a_page_that_was_open_for_more_than_an_hour_is_answered_no_more(window: Window, sandbox: Sandbox) -> None:
    early, late = window.form().fields, window.form().fields

    sandbox.controls.advance(1)
    assert set(sent_back(window.submit(early))) == CONFIRMED
    sandbox.controls.advance(0.01)
    assert window.submit(late).status_code == 400


def test_people_are_told_apart_by_a_link_each(window: Window, sandbox: Sandbox) -> None:
    sandbox.controls.add_person("Ann", {SECOND_ADVERTISER: Role.ANALYST}, email="ann@example.com")

    ann = window.form()
    link = ann.links["Local Operator (local.operator@example.com)"]
    operator = Form(window.send("GET", link).text)

    assert ann.offered("advertiser_id") == [SECOND_ADVERTISER]
    assert operator.offered("advertiser_id") == [ADVERTISER, SECOND_ADVERTISER]
    assert ann.offered("person") != operator.offered("person")
    assert operator.offered("state") == [STATE]
    assert set(operator.links) == {"Ann (ann@example.com)"}


def test_what_one_person_unticks_another_s_page_does_not_tick(
    window: Window, sandbox: Sandbox, exchange: Exchange
) -> None:
    ann = sandbox.controls.add_person("Ann", {ADVERTISER: Role.ADMIN, SECOND_ADVERTISER: Role.ADMIN})

    code = window.code(frozenset({("advertiser_id", ADVERTISER)}), person=ann)

    assert exchange.give(code).content["advertiser_ids"] == [SECOND_ADVERTISER]


def test_nobody_gives_an_account_that_they_have_no_role_on(
    window: Window, sandbox: Sandbox, exchange: Exchange
) -> None:
    ann = sandbox.controls.add_person("Ann", {ADVERTISER: Role.ADMIN})
    fields = window.form(person=ann).fields

    answer = window.submit([*fields, ("advertiser_id", SECOND_ADVERTISER), ("advertiser_id", ADVERTISER)])

    assert exchange.give(sent_back(answer)["auth_code"]).content["advertiser_ids"] == [ADVERTISER]


def test_nobody_gives_a_scope_that_is_not_on_the_page(window: Window, exchange: Exchange) -> None:
    answer = window.submit([*window.form().fields, ("scope", "3"), ("scope", "4")])

    assert exchange.give(sent_back(answer)["auth_code"]).content["scope"] == [30, 31, 32]


def test_where_nobody_has_an_account_there_is_nothing_to_confirm(window: Window, sandbox: Sandbox) -> None:
    sandbox.reset()

    form = window.form()

    assert "Nobody has an account here yet." in form.text
    assert "Confirm" not in form.text
    assert window.submit(form.fields).status_code == 400
    assert sent_back(window.submit(window.form().fields, "cancel"))["error"] == "access_denied"


@pytest.mark.parametrize("strange", ['"><script>alert(1)</script>', "</style><b>", "{{ 7*7 }}", "'&amp;<!--"])
def test_what_an_address_or_a_name_says_stays_text(window: Window, sandbox: Sandbox, strange: str) -> None:
    ann = sandbox.controls.add_person("Ann", {ADVERTISER: Role.ADMIN})
    zed = sandbox.controls.add_person(strange, {ADVERTISER: Role.ADMIN}, email=strange)
    sandbox.controls.set_account(ADVERTISER, name=strange)
    plain, page = window.form(person=ann), window.form(app_id=strange, state=strange, person=zed)

    assert page.tags == plain.tags
    assert (page.offered("app_id"), page.offered("state")) == ([strange], [strange])
    assert f"You are {strange} ({strange})." in page.text
    assert f"{strange} ({ADVERTISER}): Admin" in page.text
    assert f"{strange} ({strange})" in plain.links


@pytest.mark.parametrize("strange", ["<script>alert(1)</script>", "{{ 7*7 }}"])
def test_a_refusal_repeats_what_it_refuses_as_text(window: Window, sandbox: Sandbox, strange: str) -> None:
    sandbox.controls.set_app("7011", "its-secret")

    page, plain = (Form(window.open(app_id=each).text) for each in (strange, "7012"))

    assert page.tags == plain.tags
    assert f"App {strange} does not exist." in page.text


def test_both_pages_are_kept_by_nobody_and_run_nothing(window: Window) -> None:
    for answer in (window.open(), window.open(state="")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_the_way_back_is_kept_by_nobody(window: Window) -> None:
    assert window.submit(window.form().fields).headers["cache-control"] == "no-store"


def test_asking_for_the_head_alone_is_looking(window: Window) -> None:
    assert window.send("HEAD", f"/portal/auth?{urlencode(ASKED)}").status_code == 200


def test_only_a_host_s_root_has_the_page(window: Window, api: Api) -> None:
    assert api.send("GET", "/portal/auth", params=ASKED).status_code == 404
    assert window.send("PUT", f"/portal/auth?{urlencode(ASKED)}").status_code in {404, 405}
