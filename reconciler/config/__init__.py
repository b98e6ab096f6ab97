"""Desired state: YAML files to frozen values, every finding with its place."""

from __future__ import annotations

from reconciler.config.loading import load
from reconciler.config.model import (
    Advertiser,
    Audience,
    Config,
    Delivery,
    FileOptions,
    KeyPath,
    Lifecycle,
    Loaded,
    Move,
    Policy,
    RateTier,
    Removal,
    Source,
)
from reconciler.config.reachable import Reachable, advertisers_yaml
from reconciler.config.write import Adopted, LeftOut, audiences_yaml, keyed, obstacle, starter_yaml

__all__ = [
    "Adopted",
    "Advertiser",
    "Audience",
    "Config",
    "Delivery",
    "FileOptions",
    "KeyPath",
    "LeftOut",
    "Lifecycle",
    "Loaded",
    "Move",
    "Policy",
    "RateTier",
    "Reachable",
    "Removal",
    "Source",
    "advertisers_yaml",
    "audiences_yaml",
    "keyed",
    "load",
    "obstacle",
    "starter_yaml",
]
