"""Makes the customer files of the example: people who do not exist, the same ones every time.

    python examples/generate.py

Writes `customers/*.parquet` (6,000 people by MPID), `app_installs.csv` (3,600 devices, with the blanks, zero ids
and slips of the hand that real exports have) and `newsletter.jsonl` (1,400 people by email and phone).
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
TODAY = date(2026, 11, 1)
ZERO_ID = "00000000-0000-0000-0000-000000000000"


def device_id(chance: random.Random) -> str:
    """Return a random device id in its canonical spelling."""
    return str(UUID(int=chance.getrandbits(128), version=4))


def customers(chance: random.Random, people: int) -> pa.Table:
    """Return customers with an MPID, one or two devices, a country, a value and a last order."""
    rows = []
    for number in range(people):
        has_apple = chance.random() < 0.6
        rows.append(
            {
                "mpid": 4_000_000_000_000 + number,
                "ios_idfa": device_id(chance).upper() if has_apple else None,
                "gaid": device_id(chance) if not has_apple or chance.random() < 0.2 else None,
                "country": chance.choice(["US", "US", "US", "CA", "MX"]),
                "ltv": round(chance.lognormvariate(4, 1), 2),
                "last_order_at": TODAY - timedelta(days=int(chance.expovariate(1 / 120))),
            }
        )
    return pa.Table.from_pylist(rows)


def app_installs(chance: random.Random, installs: int) -> list[dict[str, str]]:
    """Return installs of an app as an export has them: some blank, some untracked, some malformed."""
    rows = []
    for number in range(installs):
        found = device_id(chance)
        if number % 40 == 0:
            found = ZERO_ID
        elif number % 251 == 0:
            found = found[:-1]
        elif number % 7 == 0:
            found = "{" + found.upper() + "}"
        rows.append(
            {
                "platform": "android",
                "advertising_id": "" if number % 33 == 0 else found,
                "country": chance.choice(["DE", "FR", "NL"]),
                "installed_on": str(TODAY - timedelta(days=chance.randrange(365))),
            }
        )
    return rows


def newsletter(chance: random.Random, readers: int) -> list[dict[str, object]]:
    """Return readers with an email and, for some, a phone number."""
    return [
        {
            "email": f"Reader.{number}+news@example.com" if number % 3 else f" reader{number}@example.org ",
            "phone": f"+1 (555) 01{number // 100:02d}-{number % 100:04d}" if chance.random() < 0.4 else None,
            "opened_last_month": chance.random() < 0.6,
        }
        for number in range(readers)
    ]


def main() -> None:
    """Write every file."""
    chance = random.Random(20261101)
    folder = HERE / "customers"
    folder.mkdir(exist_ok=True)
    table = customers(chance, 6_000)
    for part in range(2):
        pq.write_table(table.slice(part * 3_000, 3_000), folder / f"part-{part + 1}.parquet", compression="zstd")
    installs = app_installs(chance, 3_600)
    with (HERE / "app_installs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, installs[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(installs)
    readers = newsletter(chance, 1_400)
    (HERE / "newsletter.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in readers))


if __name__ == "__main__":
    main()
