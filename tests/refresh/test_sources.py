"""What the engine finds wrong with sources, each at its place in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.refresh.sources import check_sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.config import Config
    from reconciler.diagnostics import Diagnostic
    from reconciler.identity import Engine


def line(found: Diagnostic, folder: Path) -> str:
    """Return the text that a finding points at, from its column on."""
    assert found.location is not None
    written = (folder / "audiences.yaml").read_text().splitlines()
    return written[found.location.line - 1][found.location.column - 1 :]


def test_sources_that_hold_are_passed(config: Config, engine: Engine) -> None:
    assert check_sources(config, engine) == []


def test_a_missing_file_is_told_at_its_path(declare: Callable[..., Config], engine: Engine, tmp_path: Path) -> None:
    (found,) = check_sources(declare(("customers.csv", "custmers.csv")), engine)

    assert found.is_error
    assert "source customers" in found.summary
    assert line(found, tmp_path).startswith("custmers.csv")


def test_a_missing_column_is_told_at_its_name_with_a_guess(
    declare: Callable[..., Config], engine: Engine, tmp_path: Path
) -> None:
    (found,) = check_sources(declare(("mpid: mpid", "mpid: mpdi")), engine)

    assert 'no column "mpdi"' in found.summary
    assert 'Did you mean "mpid"?' in found.detail
    assert "idfa, ltv" in found.detail
    assert line(found, tmp_path).startswith("mpdi")


def test_a_missing_column_of_a_longer_form_is_told_at_its_name(
    declare: Callable[..., Config], engine: Engine, tmp_path: Path
) -> None:
    (found,) = check_sources(declare(("column: idfa", "column: unlike")), engine)

    assert "Did you mean" not in found.detail
    assert line(found, tmp_path).startswith("unlike")


def test_columns_that_may_be_somebodys_values_are_not_told(
    declare: Callable[..., Config], engine: Engine, tmp_path: Path
) -> None:
    config = declare(("column: idfa", "column: unlike"))
    (tmp_path / "customers.csv").write_text("mpid,ltv,order_20260101\n1,2,3\n")
    told = " ".join(f"{each.summary} {each.detail}" for each in check_sources(config, engine))

    assert "It has: mpid, ltv, …." in told
    assert "order_2026" not in told


def test_columns_are_found_whatever_their_case(declare: Callable[..., Config], engine: Engine) -> None:
    assert check_sources(declare(("mpid: mpid", "mpid: MPID")), engine) == []


def test_a_condition_that_does_not_fit_is_told_at_its_audience(
    declare: Callable[..., Config], engine: Engine, tmp_path: Path
) -> None:
    (found,) = check_sources(declare(("ltv > 10", "lifetime > 10")), engine)

    assert found.summary.startswith("audience.buyers: ")
    assert "lifetime" in found.summary + found.detail
    assert line(found, tmp_path).startswith("lifetime > 10")


def test_everything_is_told_at_once(declare: Callable[..., Config], engine: Engine) -> None:
    broken = declare(("mpid: mpid", "mpid: mpdi"), ("column: idfa", "column: ifda"), ("ltv > 10", "lvt > 10"))

    assert len(check_sources(broken, engine)) == 3


def test_a_source_that_cannot_be_read_is_told_once(declare: Callable[..., Config], engine: Engine) -> None:
    broken = declare(("customers.csv", "custmers.csv"), ("ltv > 10", "lvt > 10"))

    assert len(check_sources(broken, engine)) == 1
