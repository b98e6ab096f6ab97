"""Which token acts for an account: the one the files declare, else the environment's, else the one of a login."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.auth.errors import LoginError
from reconciler.auth.model import DEFAULT_PROFILE, Holder
from reconciler.errors import ReconcilerError
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.auth.logins import Logins
    from reconciler.auth.model import Profile
    from reconciler.config.model import Advertiser, Config

TOKEN_VARIABLE = "TIKTOK_ACCESS_TOKEN"  # noqa: S105  # the name of a variable, not a token

_LOCAL = "the local TikTok's own token"


class NoTokenError(ReconcilerError):
    """No token was found for an account."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token that acts for an account.

    Attributes:
        token: The token.
        origin: Where it was found, for people: ``TIKTOK_ACCESS_TOKEN``, ``profile agency (keyring)``.
        profile: The login it is of, where it is of one.
        scopes: What it may do, by TikTok's numbers; None where nobody knows, since TikTok tells at login only.
    """

    token: Secret
    origin: str
    profile: Profile | None = None
    scopes: frozenset[int] | None = None


class Credentials:
    """The tokens there are, and which of them acts for which account.

    Args:
        desired: What is declared.
        environ: Where `TOKEN_VARIABLE` is looked for.
        logins: The logins of this person on this machine.
        fallback: Taken where there is no other: the local TikTok's own token.
    """

    def __init__(
        self, desired: Config, environ: Mapping[str, str], logins: Logins, *, fallback: Secret | None = None
    ) -> None:
        self._declared = {each.advertiser_id: each for each in desired.advertisers.values()}
        self._desired = desired
        self._environment = environ.get(TOKEN_VARIABLE, "").strip()
        self._logins = logins
        self._fallback = fallback
        self._found: dict[str, Credential] = {}
        self._of_logins: dict[str, Credential | LoginError | None] = {}

    def of(self, advertiser_id: str) -> Credential:
        """Return what acts for an account; no login is asked for twice, since a keyring may ask a person each time.

        Raises:
            NoTokenError: There is none.
            LoginError: The logins or the keyring cannot be read.
        """
        if advertiser_id not in self._found:
            self._found[advertiser_id] = self._look_for(advertiser_id)
        return self._found[advertiser_id]

    def holders(self) -> tuple[Holder, ...]:
        """Return every token that acts for a declared account, by where it was found, and then every other login.

        Raises:
            LoginError: Whose logins there are cannot be read.
        """
        held: dict[str, Holder] = {}
        for advertiser in self._declared.values():
            try:
                credential = self.of(advertiser.advertiser_id)
            except (NoTokenError, LoginError) as missing:
                holder = Holder(missing.message, None, None, None, {}, {}, missing.hint or "")
            else:
                holder = _holder(credential.origin, credential)
            holder = held.setdefault(holder.origin, holder)
            holder.accounts[advertiser.advertiser_id] = advertiser.key
            holder.business_centers[advertiser.advertiser_id] = advertiser.business_center_id
        if self._environment and not self._declared:
            held[TOKEN_VARIABLE] = _holder(TOKEN_VARIABLE, self._from_environment())
        elif self._fallback and not self._declared:
            held[_LOCAL] = _holder(_LOCAL, Credential(self._fallback, _LOCAL))
        used = {each.profile.name for each in held.values() if each.profile}
        for profile in self._logins.profiles():
            if profile.name in used:
                continue
            try:
                credential_of_it = self._from_login(profile)
            except LoginError as unusable:
                holder = Holder(unusable.message, None, None, profile.scopes, {}, {}, unusable.hint or "")
                held[holder.origin] = replace(held.get(holder.origin, holder), profile=profile)
                continue
            if credential_of_it:
                held[credential_of_it.origin] = _holder(credential_of_it.origin, credential_of_it)
        for holder in held.values():
            for advertiser_id in holder.profile.advertiser_ids if holder.profile else ():
                holder.accounts.setdefault(advertiser_id, None)
        return tuple(held.values())

    def _look_for(self, advertiser_id: str) -> Credential:
        advertiser = self._declared.get(advertiser_id)
        if advertiser and advertiser.access_token:
            return self._from_files(advertiser, advertiser.access_token)
        if self._environment:
            return self._from_environment()
        profile = self._profile_of(advertiser_id, advertiser)
        if profile and (found := self._from_login(profile)):
            return found
        if self._fallback:
            return Credential(self._fallback, _LOCAL)
        raise self._none_for(advertiser_id, advertiser)

    def _from_files(self, advertiser: Advertiser, token: Secret) -> Credential:
        place = self._desired.place("advertisers", advertiser.key, "access_token")
        where = f"access_token in {place}" if place else "access_token"
        return Credential(token, where, scopes=self._scopes_of(token))

    def _from_environment(self) -> Credential:
        token = Secret(self._environment)
        return Credential(token, TOKEN_VARIABLE, scopes=self._scopes_of(token))

    def _scopes_of(self, token: Secret) -> frozenset[int] | None:
        """Return what a login told of a token; who brings a token along needs no login, nor a home to keep one in."""
        try:
            return self._logins.scopes_of(token)
        except LoginError:
            return None

    def _from_login(self, profile: Profile) -> Credential | None:
        if profile.name not in self._of_logins:
            self._of_logins[profile.name] = self._asked_for(profile)
        found = self._of_logins[profile.name]
        if isinstance(found, LoginError):
            raise found
        return found

    def _asked_for(self, profile: Profile) -> Credential | LoginError | None:
        """Return what a login gives; why it cannot be read is an answer too, and no reason to ask a person again."""
        try:
            login = self._logins.get(profile.name)
        except LoginError as unusable:
            return unusable
        origin = f"profile {profile.name} ({profile.kept_in})"
        return Credential(login.token, origin, profile, profile.scopes) if login else None

    def _profile_of(self, advertiser_id: str, advertiser: Advertiser | None) -> Profile | None:
        if advertiser is None:
            return self._logins.acting_for(advertiser_id) or self._logins.profile(DEFAULT_PROFILE)
        return self._logins.profile(advertiser.profile or DEFAULT_PROFILE)

    def _none_for(self, advertiser_id: str, advertiser: Advertiser | None) -> NoTokenError:
        name = f"{advertiser.key} ({advertiser_id})" if advertiser else advertiser_id
        wanted = advertiser.profile if advertiser else None
        login = "reconciler auth login" + (f" --profile {wanted}" if wanted else "")
        hint = f"Run `{login}`, set {TOKEN_VARIABLE}, or give the advertiser an access_token: ${{…}}. "
        other = self._logins.acting_for(advertiser_id)
        if other and other.name == (wanted or DEFAULT_PROFILE):
            hint = f"The token of the login {other.name} is gone, or another one stands in its place. {hint}"
        elif other and advertiser:
            hint = f"The login {other.name} may act for it: give the advertiser `profile: {other.name}`. Or: {hint}"
        elsewhere = self._logins.elsewhere(wanted or DEFAULT_PROFILE)
        if elsewhere:
            hint = f"The login {wanted or DEFAULT_PROFILE} is for {elsewhere}, not for this TikTok. {hint}"
        return NoTokenError(
            f"no access token for account {name}",
            hint=f"{hint}To try things out without an account, add --sandbox.",
        )


def _holder(origin: str, credential: Credential) -> Holder:
    return Holder(origin, credential.token, credential.profile, credential.scopes, {}, {})
