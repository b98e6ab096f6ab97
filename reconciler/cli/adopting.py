"""Taking audiences under management: what `reconciler import` reads first, and writes to files and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.begin import imported
from reconciler.cli import screen
from reconciler.cli.adoption import survey
from reconciler.cli.journaling import journaled
from reconciler.cli.workspace import drive, read_config, workspace
from reconciler.cli.writing import write_whole
from reconciler.config import audiences_yaml
from reconciler.config.edit import with_audiences
from reconciler.diagnostics import Diagnostic, warning
from reconciler.errors import InvalidConfigError, ReconcilerError
from reconciler.plan.decide import Case, decide
from reconciler.plan.inputs import Inputs
from reconciler.plan.recovery import made_by, owned_ids
from reconciler.refresh.accounts import Sessions, read_accounts
from reconciler.report.visible import quoted
from reconciler.report.wording import count
from reconciler.state import change
from reconciler.state.journal_model import Step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.cli.adoption import Survey
    from reconciler.cli.workspace import Place, Workspace
    from reconciler.config import model as config
    from reconciler.config.write import Adopted
    from reconciler.state.model import PendingCreate, Resource, State
    from reconciler.tiktok.model import Remote

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NothingToImportError(ReconcilerError):
    """What is to be imported is not there, not declared, or managed already."""


class UnreadableAccountError(ReconcilerError):
    """What is there cannot be seen."""


def account(opened: Workspace, key: str) -> config.Advertiser:
    """Return the account the files call `key`; raises NothingToImportError."""
    found = opened.config.advertisers.get(key)
    if found is None:
        known = ", ".join(opened.config.advertisers)
        raise NothingToImportError(f"no advertiser {key} is declared", hint=f"Declared are: {known}.")
    return found


def read_account(opened: Workspace, advertiser_id: str) -> Remote:
    """Read one account from TikTok: a call for a hundred audiences."""

    async def read() -> Remote:
        async with opened.tiktok() as tiktok:
            sessions = Sessions(tiktok, [advertiser_id], opened.credentials)
            remote = (await read_accounts(sessions, opened.config))[advertiser_id]
        if remote.unreadable:
            said = f"account {advertiser_id} cannot be read: {remote.unreadable.reason}"
            raise UnreadableAccountError(said, hint=remote.unreadable.way_out)
        return remote

    return drive(read())


def resource_of(audience: config.Audience, inputs: Inputs) -> Resource | Diagnostic:
    """Return the resource that an `import` line in the files would make, or why there can be none."""
    decision = decide(Case(audience.address, audience, None), inputs)
    return decision if isinstance(decision, Diagnostic) else imported(decision)


def adopt_account(place: Place, key: str) -> int:
    """Declare every audience of an account in the files, and take all of them into the state.

    The files come first. Should the run end between the two, they declare audiences with `import:` lines, which the
    same command, or an apply, then goes on from; once the state has them these lines are idle.
    """
    with workspace(place) as opened, journaled(opened, "import") as entry:
        advertiser = account(opened, key)
        state = opened.store.open()
        remote = read_account(opened, advertiser.advertiser_id)
        found = survey(remote, advertiser, opened.config, state.state)
        declared, path = opened.config, None
        if found.adoptable:
            declared, path = _declare(opened, place, advertiser, found.adoptable)
        inputs = Inputs(declared, {advertiser.advertiser_id: remote}, state.state, members=None)
        resources, refused = _resources(declared, key, inputs)
        if resources:
            entry.begin(state)
            state.save(_with(state.state, resources, remote))
            entry.did(*(Step(each.address, "import", "done", each.audience_id) for each in resources.values()))
    screen.findings(refused)
    tell_left_out(found)
    where = f", declared in {path}" if path else ""
    screen.say(
        f"Now managed: {count(len(resources), 'audience')} of {key}{where}. Run `reconciler plan`: nothing has changed."
        if resources
        else f"There is nothing to adopt in {key}: what can be managed is."
    )
    return 1 if refused else 0


def tell_left_out(found: Survey) -> None:
    """Tell which audiences cannot be managed, those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for each in found.left_out:
        reasons.setdefault(each.reason, []).append(f"{each.audience_id} {quoted(each.name)}")
    for reason, named in reasons.items():
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        screen.say(f"Left out: {', '.join(named[:5])}{more}: {reason}.")


def _resources(declared: config.Config, key: str, inputs: Inputs) -> tuple[dict[str, Resource], tuple[Diagnostic, ...]]:
    """Return what the state is to own: each declared audience of the account that is to be adopted, people left alone.

    One with a source is left to a plan, since to adopt it is to deliver people to it.
    """
    owned = owned_ids(inputs.owned)
    resources: dict[str, Resource] = {}
    refused: list[Diagnostic] = []
    for each in declared.audiences.values():
        is_waiting = each.import_id not in owned and each.address not in inputs.owned.resources
        if each.advertiser != key or not each.import_id or each.source is not None or not is_waiting:
            continue
        match resource_of(each, inputs):
            case Diagnostic() as diagnostic:
                refused.append(diagnostic)
            case resource:
                resources[each.address] = resource
    return resources, tuple(refused)


def tell_unmanaged(intent: PendingCreate, owned: State, remote: Remote) -> None:
    """Tell what an interrupted create may have made beside the audience that is imported in its place.

    Args:
        intent: What is no longer waited for.
        owned: The state without it.
        remote: The account that is imported from.
    """
    if intent.advertiser_id != remote.account.advertiser_id:
        where = f"account {intent.advertiser_id}, and is waited for no longer"
        way_out = f'If it made an audience named "{intent.name}", that is not managed: look for it in Ads Manager.'
        screen.findings([warning(f"{intent.address}: a create was interrupted in {where}", way_out)])
    elif made := made_by(intent, owned, remote):
        ids = ", ".join(each.audience_id for each in made)
        way_out = "That is not managed: delete it in Ads Manager, or import it under another address."
        screen.findings([warning(f"{intent.address}: an interrupted create may have made {ids}", way_out)])


def _with(state: State, resources: Mapping[str, Resource], remote: Remote) -> State:
    """Return the state that owns `resources` too, and waits for no create at their addresses."""
    after = state
    for address, resource in resources.items():
        after = change.with_resource(after, resource)
        if intent := change.pending_create(after, address):
            after = change.without_pending(after, intent)
            tell_unmanaged(intent, after, remote)
    return change.edited_by_hand(after)


def _declare(
    opened: Workspace, place: Place, advertiser: config.Advertiser, adoptable: Mapping[str, Adopted]
) -> tuple[config.Config, Path]:
    """Write the declarations and return the config with them, and the file they are in.

    Raises:
        InvalidConfigError: With them the files would not hold, for a policy say; they are as before.
        UneditableError: They have no place in the file.
        CannotWriteError: The file cannot be written.
    """
    if place.config.is_dir():
        path, before = _free_name(place.config, advertiser.key), None
        content = audiences_yaml(advertiser, adoptable, with_advertiser=False).encode()
    else:
        path, before = place.config, place.config.read_bytes()
        mark = _BYTE_ORDER_MARK if before.startswith(_BYTE_ORDER_MARK) else b""
        text = before.removeprefix(mark).decode()
        content = mark + with_audiences(str(path), text, advertiser.key, adoptable).encode()
    write_whole(path, content, what="the audiences", option="-c")
    try:
        declared, _ = read_config(place, opened.environ)
    except InvalidConfigError:
        screen.say(f"{path} was put back as it was: with these audiences the files would not hold.")
        if before is None:
            path.unlink()
        else:
            write_whole(path, before, what="the audiences", option="-c")
        raise
    return declared, path


def _free_name(folder: Path, key: str) -> Path:
    path, number = folder / f"{key}.yaml", 2
    while path.exists():
        path, number = folder / f"{key}_{number}.yaml", number + 1
    return path
