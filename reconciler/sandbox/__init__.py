"""A strict TikTok on this machine: the Marketing API v1.3's accounts, audiences, streaming, files, usage and sharing.

TikTok's own sandbox has no audience endpoint, so configs are tried out, and this project is tested, against
this one. It imports nothing of the rest of the package, so that no mistake can be made twice and agree.

    with Sandbox(Path(".reconciler/sandbox.db")) as sandbox:
        sandbox.ensure(["7000000000000000001"])
        client = httpx.AsyncClient(transport=sandbox.transport(), headers={"Access-Token": TOKEN})
"""

from reconciler.sandbox.access import Role
from reconciler.sandbox.adgroups import AdGroupKind
from reconciler.sandbox.apps import APP_ID, APP_SECRET
from reconciler.sandbox.audiences import Audience
from reconciler.sandbox.controls import BUSINESS_CENTER, TOKEN, Controls
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import FaultKind
from reconciler.sandbox.local import DEFAULT_PORT, Sandbox
from reconciler.sandbox.operations import BASE_PATH
from reconciler.sandbox.requests import LoggedRequest

__all__ = [
    "APP_ID",
    "APP_SECRET",
    "BASE_PATH",
    "BUSINESS_CENTER",
    "DEFAULT_PORT",
    "TOKEN",
    "AdGroupKind",
    "Audience",
    "Controls",
    "FaultKind",
    "LoggedRequest",
    "Role",
    "Sandbox",
    "SandboxError",
]
