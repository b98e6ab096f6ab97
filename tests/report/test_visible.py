from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.visible import quoted, visible


@pytest.mark.parametrize("name", ["Lapsed buyers", "Käufer 90+", "購入者 🛒", "قائمة", "50% off; a\\b", "[red]x[/red]"])
def test_ordinary_names_are_shown_as_they_are(name: str) -> None:
    assert visible(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x1b[31mred\x07\x7f", r"\x1b[31mred\x07\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202egpj", r"abc\u202egpj"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("VIP\u200b", r"VIP\u200b"),
        ("VIP\u3164", r"VIP\u3164"),
        ("VIP\u00a0", r"VIP\xa0"),
        ("a\u2028b\u0085c", r"a\u2028b\x85c"),
        ("\ud83d", r"\ud83d"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_terminal_would_act_on_or_hide_is_spelled_out(name: str, shown: str) -> None:
    assert visible(name) == shown


@given(st.text())
def test_nothing_but_one_line_of_visible_characters_ever_comes_out(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_quotes_and_backslashes_in_a_name_cannot_end_its_quotes() -> None:
    assert quoted('a" -> "b\\n') == r'"a\" -> \"b\\n"'


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_names_that_differ_never_look_the_same_in_quotes(one: str, other: str) -> None:
    assert (quoted(one) == quoted(other)) == (one == other)
