"""What can go wrong between a person, TikTok and this machine, each with what the person does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from pathlib import Path


class LoginError(ReconcilerError):
    """A login did not come about, or what it gave cannot be kept or found. Base of every error of this package."""


class RedirectUriError(LoginError):
    """TikTok cannot be told to send a person there."""


class BusyPortError(LoginError):
    """Nobody can listen for TikTok's answer: something else does."""

    def __init__(self, port: int, why: str) -> None:
        super().__init__(
            f"port {port}, to which TikTok's answer would come, cannot be listened on: {why}",
            hint="Stop what uses it, or choose another one with --port and register that redirect URI with the app; "
            "or add --paste, which takes no port.",
        )
        self.port = port


class NoAnswerError(LoginError):
    """Nothing came back from TikTok in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"no answer came from TikTok within {seconds:g} s, so nobody was logged in",
            hint="Log in again and confirm on TikTok's page; --timeout waits longer. Where the browser shows an error "
            "after the click, copy the address it was sent to and log in with --paste.",
        )


class DeniedError(LoginError):
    """The person did not let the app act for them."""

    def __init__(self) -> None:
        super().__init__(
            "TikTok gave no permission: the request was cancelled on its page",
            hint="Log in again, and choose Confirm. Whoever may not grant this asks an admin of the account.",
        )


class WrongStateError(LoginError):
    """An answer that does not belong to this login: somebody else's, an old one, or a forged one."""

    def __init__(self) -> None:
        super().__init__(
            "this answer does not belong to this login, so nothing was done with it",
            hint="Use the address that TikTok sent the browser to just now, and not that of an earlier login; "
            "log in again where in doubt.",
        )


class UnreadableRedirectError(LoginError):
    """What came back is no answer of TikTok's."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"this is not an address that TikTok sends people to: {why}",
            hint="Copy the whole address from the browser, from http to its end; it holds auth_code and state.",
        )


class KeyringUnusableError(LoginError):
    """The system's keyring refuses: it is locked, or there is none."""

    def __init__(self, doing: str, why: str) -> None:
        super().__init__(
            f"the keyring cannot {doing}: {why}",
            hint="Unlock it and run this again; or log in with --store file, which keeps the token in a file that only "
            "you may read.",
        )


class ExposedTokenError(LoginError):
    """The file of a token can be read by others."""

    def __init__(self, path: Path, mode: int) -> None:
        super().__init__(
            f"the token in {path} is not used: others may read it (its mode is {mode:o}, not 600)",
            hint=f"Whoever read it can use it: run `chmod 600 {path}`, then log out, which takes the token back, and "
            "log in again.",
        )


class ForeignTokenError(LoginError):
    """The file of a token is somebody else's, who may have put another token there."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the token in {path} is not used: the file belongs to somebody else",
            hint="Remove the file, and log in again as the one who is to use it.",
        )


class UnreadableTokenError(LoginError):
    """The file of a token is there and cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"the token in {path} cannot be read: {why}",
            hint="Make the file yours to read, or log in again.",
        )


class DamagedLoginsError(LoginError):
    """The file of the logins cannot be read as one."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is not a list of logins: {why}",
            hint="Move it away and log in again. Tokens stay where they are, and TikTok forgets none of them.",
        )


class NewerLoginsError(DamagedLoginsError):
    """A later version of this tool has written the logins."""

    def __init__(self, path: Path, version: int) -> None:
        LoginError.__init__(
            self,
            f"{path} was written by a later version of reconciler (version {version})",
            hint="Update reconciler; or name another folder in RECONCILER_HOME, and log in there.",
        )


class LostTokenError(LoginError):
    """TikTok was asked for a token, and its answer never came."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the token did not arrive: {why}",
            hint="Log in again. The code of this login may be used up, and works once; a token that was lost on its "
            "way is of no use to anybody here, and goes when you take the app's permission back at TikTok.",
        )


class CannotKeepError(LoginError):
    """A login cannot be written down."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"the login cannot be kept in {path}: {why}",
            hint="Make the folder yours to write, or name another one in RECONCILER_HOME.",
        )


class UnkeptTokenError(LoginError):
    """TikTok gave a token that cannot be kept; it was taken back."""

    def __init__(self, why: str, hint: str | None) -> None:
        super().__init__(f"{why}. The token that TikTok gave was taken back, so it works for nobody", hint=hint)


class StrandedTokenError(LoginError):
    """TikTok gave a token that can neither be kept nor taken back."""

    def __init__(self, why: str, hint: str | None, unrevoked: str) -> None:
        super().__init__(
            f"{why}. The token that TikTok gave could not be taken back either ({unrevoked}): it is alive there, and "
            "kept nowhere",
            hint="It ends when you take the app's permission back at TikTok." + (f" {hint}" if hint else ""),
        )


class NameTakenError(LoginError):
    """Another login was kept under the name meanwhile, and nobody has said that it may go."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"another login was kept as {name} while this one was under way, so this one was not",
            hint="See whose it is with `reconciler auth status`; then take another --profile, or log in again and "
            "replace it.",
        )
        self.name = name


class NoSuchProfileError(LoginError):
    """Nobody is logged in under this name."""


class ProfileNameError(LoginError):
    """A profile cannot be called that."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f'a profile cannot be called "{name}"',
            hint="Take up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or a digit.",
        )
