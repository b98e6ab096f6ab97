"""What people declared, as frozen values. Built by `reconciler.config.load`, read by everyone else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.diagnostics import Diagnostic, Location
    from reconciler.identifiers import Identity, MappedColumn
    from reconciler.origin import Origin
    from reconciler.secret import Secret

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of the document to a node: ``("audiences", "lapsed_buyers", "where")``."""


class Delivery(StrEnum):
    """How members reach TikTok: streamed as mappings (the default), or uploaded as customer files."""

    STREAMING = "streaming"
    FILE = "file"


class RateTier(StrEnum):
    """The rate-limit tier TikTok has granted the developer app."""

    BASIC = "basic"
    ADVANCED = "advanced"
    PREMIUM = "premium"
    ULTIMATE = "ultimate"


@dataclass(frozen=True, slots=True)
class Advertiser:
    """An advertiser account.

    Attributes:
        key: The name it has in the files.
        advertiser_id: TikTok's id, a string of digits (the seed's "TikTok Account Id").
        access_token: The token declared for this account, or None to take the environment's, or a login's.
        profile: The stored login to act with, or None for the default one; never beside an `access_token`.
        business_center_id: Where the account's role is read; None means every Business Center is looked through.
        expect: What the account should be like: `status`, `currency`, `timezone`, `name`, `business_center_id`. A
            mismatch is drift.
    """

    key: str
    advertiser_id: str
    access_token: Secret | None = None
    profile: str | None = None
    business_center_id: str | None = None
    expect: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Rows with identifiers.

    Attributes:
        key: The name it has in the files.
        origin: Where its rows come from.
        columns: The identities the source holds, each with its columns, in `Identity` order.
    """

    key: str
    origin: Origin
    columns: tuple[MappedColumn, ...]

    @property
    def identities(self) -> frozenset[Identity]:
        """The identities this source maps, the person key included."""
        return frozenset(column.identity for column in self.columns)


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What only an audience delivered by files has.

    Attributes:
        retention_in_days: How long it lives from its creation on, 1 to 365; None for 365 days after its last use.
        audience_sub_type: ``NORMAL`` or ``REACH_FREQUENCY``.
    """

    retention_in_days: int | None = None
    audience_sub_type: str = "NORMAL"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What may happen to an audience.

    Attributes:
        prevent_destroy: Block every delete and replace.
        max_removal_percent: Block a delivery that takes more than this share of the delivered people out, 0 to 100.
        minimum_users: Warn below this many people; TikTok shows no audience under 1,000.
        minimum_match_percent: TikTok having matched a smaller share of the delivered people is drift, 0 to 100.
    """

    prevent_destroy: bool = False
    max_removal_percent: float = 30
    minimum_users: int = 1000
    minimum_match_percent: float = 10


@dataclass(frozen=True, slots=True)
class Audience:
    """A declared audience.

    Attributes:
        key: The name it has in the files; its address is ``audience.<key>``.
        advertiser: Key of the account it lives in.
        name: Its name on TikTok.
        source: Key of the source its people come from; None leaves the people alone (imported audiences only).
        where: A boolean expression in DuckDB's SQL over the source's columns, or None for all rows.
        identities: What is sent, in `Identity` order, never the person key; empty only without a source.
        delivery: How members reach TikTok.
        file: What only a delivery by files has.
        lifecycle: What may happen to it.
        import_id: Id of an audience that exists already and is to be adopted, or None.
    """

    key: str
    advertiser: str
    name: str
    source: str | None
    where: str | None = None
    identities: tuple[Identity, ...] = ()
    delivery: Delivery = Delivery.STREAMING
    file: FileOptions = field(default_factory=FileOptions)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    import_id: str | None = None

    @property
    def address(self) -> str:
        """The name this audience has in plans and in the state."""
        return f"audience.{self.key}"


@dataclass(frozen=True, slots=True)
class Move:
    """A resource that changed its address: the state follows, TikTok is not touched."""

    from_address: str
    to_address: str


@dataclass(frozen=True, slots=True)
class Removal:
    """A resource taken out of the files on purpose. `destroy` False leaves it on TikTok, unmanaged."""

    address: str
    destroy: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule that audiences are held to. What breaks it is an error at the audience's place in the files.

    Attributes:
        key: The name it has in the files.
        advertisers: Keys of the accounts it holds for; empty for all.
        audiences: Patterns of audience keys it holds for, as in ``vip_*``; empty for all.
        maximum_people: The most people an audience may hold, or None.
        forbidden_identities: What may not be sent there, in `Identity` order.
        name_pattern: A regular expression that the whole name on TikTok must match, or None.
        require_prevent_destroy: Whether `lifecycle.prevent_destroy` must be true.
    """

    key: str
    advertisers: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    maximum_people: int | None = None
    forbidden_identities: tuple[Identity, ...] = ()
    name_pattern: str | None = None
    require_prevent_destroy: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """Everything declared, checked, with defaults filled in and the environment interpolated.

    Attributes:
        state_url: Where the state lives: an absolute directory, or an object-store URL.
        engine: What computes members, e.g. ``duckdb``, ``local[4]``, ``spark://host:7077``, ``sc://host:15002``.
        rows_per_request: Rows of one streaming request, 1 to 10,000.
        rate_tier: How fast TikTok may be called.
        patience_seconds: How long one call is tried for while TikTok is unreachable, fails or asks to wait; None for
            what the client takes by itself.
        advertisers: By key.
        sources: By key.
        audiences: By key.
        moved: Address changes, in the order written.
        removed: Deliberate removals, in the order written.
        policies: By key.
        files: The files read, as shown in messages.
        places: Where each node stands.
        secrets: What came from the environment and must not be told: alive as long as this is.
    """

    state_url: str
    engine: str = "duckdb"
    rows_per_request: int = 1000
    rate_tier: RateTier = RateTier.BASIC
    patience_seconds: float | None = None
    advertisers: Mapping[str, Advertiser] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    moved: tuple[Move, ...] = ()
    removed: tuple[Removal, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    places: Mapping[KeyPath, Location] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = field(default=(), repr=False)

    def place(self, *path: str | int) -> Location | None:
        """Return where `path` stands, or the nearest node above it that people wrote; None in an empty document."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[:-1]
        return self.places.get(())

    def audience_at(self, address: str) -> Audience | None:
        """Return the audience declared at `address`, spelled exactly so; None where none is."""
        found = self.audiences.get(address.removeprefix("audience."))
        return found if found is not None and found.address == address else None

    def declared_at(self, address: str) -> Location | None:
        """Return where the audience at `address` is declared; None where none is."""
        found = self.audience_at(address)
        return self.place("audiences", found.key) if found is not None else None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The outcome of reading files: what could be understood, and every finding.

    With errors among the findings `config` holds only the parts that are sound, so that further checks can
    still add what they find; it must then not be planned from.
    """

    config: Config
    diagnostics: tuple[Diagnostic, ...]
