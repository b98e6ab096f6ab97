"""What TikTok has: each account with its audiences and, where something may be deleted, what uses them.

An account that its token may not act for, or not read, does not keep the others from being read: it comes out as one
that is unreadable, with what is missing, and the plan's guards take it from there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.auth.errors import LoginError
from reconciler.auth.model import DEFAULT_PROFILE
from reconciler.refresh.credentials import NoTokenError
from reconciler.tiktok import accounts, audiences, usage
from reconciler.tiktok.concurrency import together
from reconciler.tiktok.errors import CredentialError, PermissionDeniedError, concerns_account
from reconciler.tiktok.model import Account, Lack, Remote
from reconciler.tiktok.permission import Work, lacking, of_login, unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from reconciler.config.model import Config
    from reconciler.errors import ReconcilerError
    from reconciler.refresh.credentials import Credential, Credentials
    from reconciler.secret import Secret
    from reconciler.tiktok.client import Session, TikTok


class Sessions:
    """One session an account: whose token acts for it.

    Args:
        tiktok: The client; tokens share its connections and rate limits.
        advertiser_ids: The accounts.
        credentials: The tokens there are.

    Attributes:
        without: Accounts that no token acts for, each with the error that says why: there is none, its login cannot be
            read, or it holds what no token does.
    """

    def __init__(self, tiktok: TikTok, advertiser_ids: Iterable[str], credentials: Credentials) -> None:
        self._credentials: dict[str, Credential] = {}
        self._by_token: dict[Secret, Session] = {}
        self.without: dict[str, ReconcilerError] = {}
        for each in sorted(set(advertiser_ids)):
            try:
                credential = credentials.of(each)
                if credential.token not in self._by_token:
                    self._by_token[credential.token] = tiktok.acting_with(credential.token)
            except (NoTokenError, LoginError, CredentialError) as missing:
                self.without[each] = missing
            else:
                self._credentials[each] = credential

    def acting_for(self, advertiser_id: str) -> Session:
        """Return the session whose token acts for this account; raises what `without` holds where none does."""
        if advertiser_id in self.without:
            raise self.without[advertiser_id]
        return self._by_token[self._credentials[advertiser_id].token]

    def sharing(self, advertiser_id: str) -> frozenset[str]:
        """Return the accounts for which the token of this one acts, this one among them."""
        credential = self._credentials.get(advertiser_id)
        if credential is None:
            return frozenset({advertiser_id})
        return frozenset(each for each, other in self._credentials.items() if other.token == credential.token)

    def scopes(self, advertiser_id: str) -> frozenset[int] | None:
        """Return what the account's token may do; None where nobody knows, or no token acts for it."""
        credential = self._credentials.get(advertiser_id)
        return credential.scopes if credential else None

    def login(self, advertiser_id: str) -> str | None:
        """Return the login whose token acts for this account, where it is one and not the default one."""
        credential = self._credentials.get(advertiser_id)
        profile = credential.profile if credential else None
        return profile.name if profile and profile.name != DEFAULT_PROFILE else None

    def grouped(self) -> list[tuple[Session, list[str]]]:
        """Return each session with the accounts it acts for."""
        groups: dict[Secret, list[str]] = defaultdict(list)
        for advertiser_id, credential in self._credentials.items():
            groups[credential.token].append(advertiser_id)
        return [(self._by_token[token], ids) for token, ids in groups.items()]


async def read_accounts(
    sessions: Sessions, desired: Config, *, with_usage: Collection[str] = (), blindly: bool = False
) -> dict[str, Remote]:
    """Read every account the sessions act for, all at once.

    Costs pages, not audiences: the list in hundreds, the accounts of a token together.

    Args:
        sessions: Who acts for which account.
        desired: Names the Business Center of an account, where the files do.
        with_usage: Accounts for which ad groups, saved audiences and Lookalikes are read too.
        blindly: Whether to go on where not a single account can be read: some things are done in the state alone.

    Returns:
        Each account by advertiser id, those that could not be read with `unreadable`; `usage` is None where it was
        not asked for.

    Raises:
        NoTokenError: No account has a token.
        LoginError: The same, and a login cannot be read.
        CredentialError: No account has a token that lives.
        TikTokError: TikTok failed, or could not be reached.
    """
    centers = {each.advertiser_id: each.business_center_id for each in desired.advertisers.values()}
    groups = sessions.grouped()
    described = await together(_describe(session, ids, centers) for session, ids in groups)
    useless: list[ReconcilerError] = [*sessions.without.values()]
    found = {each: _without_token(missing) for each, missing in sessions.without.items()}
    for (_, ids), answer in zip(groups, described, strict=True):
        if isinstance(answer, CredentialError):
            useless.append(answer)
            found |= dict.fromkeys(ids, Lack(answer.said.rstrip("."), answer.hint or ""))
    seen = {i: account for answer in described if isinstance(answer, dict) for i, account in answer.items()}
    if useless and not seen and not blindly:
        raise useless[0]
    read = await together(_read(sessions, i, account, with_usage=i in with_usage) for i, account in seen.items())
    lost = [Remote(_unknown(each), unreadable=lack) for each, lack in found.items()]
    return {each.account.advertiser_id: _with_login(each, sessions) for each in (*read, *lost)}


async def read_account(session: Session, account: Account, *, with_usage: bool) -> Remote:
    """Read one account's audiences and, if asked, what uses them."""
    found = await audiences.list_all(session, account.advertiser_id)
    used = await usage.look_up(session, account.advertiser_id, found) if with_usage else None
    return Remote(account, found, used)


async def _describe(
    session: Session, advertiser_ids: Sequence[str], centers: Mapping[str, str | None]
) -> dict[str, Account | Lack] | CredentialError:
    """Describe the accounts of one token, or return why it is of no use for any of them; the error names them."""
    try:
        return await accounts.describe_each(session, advertiser_ids, centers)
    except CredentialError as refused:
        return type(refused)(
            refused.said,
            code=refused.code,
            request_id=refused.request_id,
            path=refused.path,
            advertiser_id=", ".join(advertiser_ids),
        )


async def _read(sessions: Sessions, advertiser_id: str, account: Account | Lack, *, with_usage: bool) -> Remote:
    scopes = sessions.scopes(advertiser_id)
    if isinstance(account, Lack):
        return Remote(_unknown(advertiser_id), scopes=scopes, unreadable=account)
    if missing := lacking(Work.READ, account, scopes):
        return Remote(account, scopes=scopes, unreadable=missing[0])
    try:
        remote = await read_account(sessions.acting_for(advertiser_id), account, with_usage=with_usage)
    except (PermissionDeniedError, CredentialError) as refused:
        if not concerns_account(refused):
            raise
        return Remote(account, scopes=scopes, unreadable=unreadable(refused.said))
    return Remote(remote.account, remote.audiences, remote.usage, scopes)


def _with_login(remote: Remote, sessions: Sessions) -> Remote:
    """Return it with the login whose token acts for it, which what is missing names too."""
    login = sessions.login(remote.account.advertiser_id)
    if login is None:
        return remote
    return replace(remote, login=login, unreadable=remote.unreadable and of_login(remote.unreadable, login))


def _without_token(missing: ReconcilerError) -> Lack:
    if isinstance(missing, NoTokenError):
        return Lack("there is no access token for it", missing.hint or "")
    return Lack(f"its access token cannot be used: {missing.message.rstrip('.')}", missing.hint or "")


def _unknown(advertiser_id: str) -> Account:
    """Return an account that TikTok told nothing of."""
    return Account(advertiser_id, name="", status="", currency="", timezone="")
