"""Audiences made of customer files: uploading a file, making an audience of files, and changing it by files.

TikTok processes files for a while, during which their audience is not editable; here it refuses updates for
`PROCESSING_SECONDS` of the virtual clock, unless the controls say otherwise, and its users show when those of a
streaming audience would.

Source: Marketing API v1.3, customer file audiences and return codes 40905 to 40910.
"""

from __future__ import annotations

import hashlib
from typing import IO, TYPE_CHECKING

from reconciler.sandbox import audiences, files, packed_sets, population
from reconciler.sandbox.access import WRITE_AUDIENCES
from reconciler.sandbox.envelope import Code, Refusal, invalid
from reconciler.sandbox.file_contents import CALCULATE_TYPES, read_identifiers
from reconciler.sandbox.history import MEMBERS_CHANGED, remember
from reconciler.sandbox.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reconciler.sandbox.audiences import Audience
    from reconciler.sandbox.database import Transaction
    from reconciler.sandbox.forms import FormFile
    from reconciler.sandbox.operations import Call
    from reconciler.sandbox.packed_sets import Combination

LARGEST_FILE = 50_000_000
"""Bytes; the vendor says 50 MB, and this is the stricter reading of it."""

MOST_FILES = 500
"""Files of one call."""

PROCESSING_SECONDS = 2
"""How long files are processed unless the controls say otherwise."""

_SUFFIXES = (".csv", ".txt")
_UPLOAD_NAMES = {"MAID_MD5": "FIRST_MD5", "MAID_SHA256": "FIRST_SHA256"}
"""What an upload may call a type, by its name everywhere else."""


def _upload(call: Call) -> Mapping[str, object]:
    advertiser_id = call.writable_account().advertiser_id
    calculate_type = _calculate_type(call, (*CALCULATE_TYPES, *_UPLOAD_NAMES))
    calculate_type = _UPLOAD_NAMES.get(calculate_type, calculate_type)
    file = _checked_file(call)
    identifiers = read_identifiers(file.content, calculate_type)
    files.forget_expired(call.transaction)
    return {"file_path": files.keep(call.transaction, advertiser_id, calculate_type, identifiers)}


def _checked_file(call: Call) -> FormFile:
    """Return the file at its start, once everything around its content is in order."""
    file = call.parameters.file("file")
    if file is None:
        raise Refusal(Code.FILE_MISSING, "file: The file is missing.")
    if not file.name.endswith(_SUFFIXES):
        raise Refusal(Code.FILE_SUFFIX, f"file: The name must end in {' or '.join(_SUFFIXES)}.")
    if file.size == 0:
        raise Refusal(Code.FILE_EMPTY, "file: It is empty.")
    if file.size > LARGEST_FILE:
        raise Refusal(Code.FILE_TOO_LARGE, f"file: It has {file.size} bytes, {LARGEST_FILE} are the most.")
    if call.parameters.text("file_signature").lower() != _md5(file.content):
        raise invalid("file_signature", "Is not the MD5 of the file.")
    file.content.seek(0)
    return file


def _md5(content: IO[bytes]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _create(call: Call) -> Mapping[str, object]:
    transaction = call.transaction
    advertiser_id = call.writable_account().advertiser_id
    name = call.parameters.text("custom_audience_name", at_most=audiences.LONGEST_NAME)
    calculate_type = _calculate_type(call, CALCULATE_TYPES)
    sub_type = call.parameters.choice("audience_sub_type", audiences.SUB_TYPES, default=audiences.SUB_TYPES[0])
    retention_in_days = None
    if call.parameters.has("retention_in_days"):
        retention_in_days = call.parameters.number("retention_in_days", default=0, low=1, high=365)
    file_paths = _usable_files(call, advertiser_id, calculate_type)
    audience_id = audiences.create(
        transaction,
        advertiser_id,
        name,
        audiences.FILE_TYPE,
        sub_type=sub_type,
        calculate_type=calculate_type,
        retention_in_days=retention_in_days,
    )
    packed_sets.combine(transaction, audience_id, "REPLACE", file_paths)
    audience = audiences.created_audience(transaction, advertiser_id, audience_id)
    if not packed_sets.has_users(transaction, audience_id, audiences.SMALLEST_VALID):
        audiences.close_to_updates(transaction, audience)
    _process(transaction, audience)
    return {"custom_audience_id": audience_id}


def update_members(call: Call, audience: Audience) -> None:
    """Change what the audience holds by the files the call names.

    Raises:
        Refusal: 40002 where it is not made of files or would be left with fewer than 1,000 users, 40905, 40909
            or 40910 for a file that cannot be used.
    """
    if audience.audience_type != audiences.FILE_TYPE:
        raise invalid("file_paths", f"Audience {audience.audience_id} is not a customer file audience.")
    action = _action(call)
    file_paths = _usable_files(call, audience.advertiser_id, audience.calculate_type)
    packed_sets.combine(call.transaction, audience.audience_id, action, file_paths)
    if not packed_sets.has_users(call.transaction, audience.audience_id, audiences.SMALLEST_VALID):
        raise invalid(
            "file_paths",
            f"{action} would leave audience {audience.audience_id} with fewer than {audiences.SMALLEST_VALID} users.",
        )
    audiences.touch(call.transaction, audience.audience_no)
    detail = f"{action} by {len(file_paths)} files"
    remember(call.transaction, audience.audience_no, MEMBERS_CHANGED, detail)
    _process(call.transaction, audience)


def _action(call: Call) -> Combination:
    actions: dict[str, Combination] = {"APPEND": "APPEND", "REMOVE": "REMOVE", "REPLACE": "REPLACE"}
    return actions[call.parameters.choice("action", actions, default="REPLACE")]


def _calculate_type(call: Call, known: Collection[str]) -> str:
    calculate_type = call.parameters.text("calculate_type")
    if calculate_type not in known:
        raise Refusal(Code.FILE_TYPE_MISMATCH, f"calculate_type: Must be one of {', '.join(known)}.")
    return calculate_type


def _usable_files(call: Call, advertiser_id: str, calculate_type: str | None) -> Sequence[str]:
    file_paths = call.parameters.texts("file_paths", at_most=MOST_FILES)
    files.require_usable(call.transaction, advertiser_id, file_paths, calculate_type)
    return file_paths


def _process(transaction: Transaction, audience: Audience) -> None:
    seconds = transaction.setting("processing_seconds")
    audiences.lock(transaction, audience, PROCESSING_SECONDS if seconds is None else int(seconds))
    population.recount_later(transaction, audience.audience_no)


OPERATIONS = (
    Operation(
        "POST",
        "/dmp/custom_audience/file/upload/",
        fields=frozenset({"advertiser_id", "file", "file_signature", "calculate_type"}),
        scopes=frozenset({WRITE_AUDIENCES}),
        answer=_upload,
        takes_form=True,
    ),
    Operation(
        "POST",
        "/dmp/custom_audience/create/",
        fields=frozenset(
            {
                "advertiser_id",
                "custom_audience_name",
                "file_paths",
                "calculate_type",
                "audience_sub_type",
                "retention_in_days",
            }
        ),
        scopes=frozenset({WRITE_AUDIENCES}),
        answer=_create,
    ),
)
