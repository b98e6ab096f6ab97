"""The other side of the counter: what a person would do on TikTok, and what a test needs to see or break."""

from reconciler.sandbox.controls.accounts import BUSINESS_CENTER, TOKEN, AccountControls
from reconciler.sandbox.controls.audiences import AudienceControls
from reconciler.sandbox.controls.condition import ConditionControls
from reconciler.sandbox.controls.service import ServiceControls
from reconciler.sandbox.controls.usage import UsageControls

__all__ = ["BUSINESS_CENTER", "TOKEN", "Controls"]


class Controls(AccountControls, AudienceControls, ConditionControls, UsageControls, ServiceControls):
    """Every control over one local TikTok. They work on the same file from any process, server or not."""
