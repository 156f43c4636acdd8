"""Repayments and reads over HTTP: half of each, at a steady rate, against a real server (target 200/s, p99 < 50 ms).

An open loop (`http_load`). The limit in the same run: `/healthz` at the same rate, which is HTTP and nothing else.
SQLite in a temporary folder; server and client share the machine.
"""

import asyncio
import base64
import itertools
import json
import os
import secrets
import sys
import tempfile

from http_load import Connection, new_key, ready, serving, show, steadily
from measure import short_hash
from puhui.kernel.clock import today

LOANS = 50
SCOPES = ("parties.create", "loans.create", "loans.disburse", "loans.repay", "loans.read")
PLACE = {"institution": "county_bank", "region": "410323"}


def terms(day):
    """Return the terms of a loan that is lent today."""
    return {
        "principal_minor": 12_000_000,
        "annual_rate_ppm": 60_000,
        "method": "annuity",
        "instalments": 36,
        "disbursed_on": day,
        "day_count": "30/360",
    }


async def lend(connection, keys):
    """Agree and disburse the loans through the interface; return their ids."""
    day, loans = today().isoformat(), []
    for _ in range(LOANS):
        status, party = await connection.send("POST", "/v1/parties", {"kind": "person", **PLACE})
        assert status == 201, party
        body = {"product": "auto_new", "agreed_on": day, "borrower": json.loads(party)["id"], "terms": terms(day)}
        body |= {**PLACE, "servicing": {"overdue_multiplier_ppm": 1_500_000}}
        status, loan = await connection.send("POST", "/v1/loans", body, next(keys))
        assert status == 201, loan
        loans.append(json.loads(loan)["id"])
        path = f"/v1/loans/{loans[-1]}/disbursements"
        status, lent = await connection.send("POST", path, {"amount_minor": 12_000_000}, next(keys))
        assert status == 201, lent
    return loans


async def measure(rate, seconds, there):
    """Print what a server that runs does."""
    keys = (f"benchmark-{n:09d}" for n in itertools.count())
    connection = await ready(there)
    loans = await lend(connection, keys)
    floor = itertools.repeat(("healthz", ("GET", "/healthz")))
    show("limit", *await steadily(rate, max(1, seconds // 6), there, floor), rate)

    def mixed():
        for loan in itertools.cycle(loans):
            yield "read", ("GET", f"/v1/loans/{loan}")
            yield "repayment", ("POST", f"/v1/loans/{loan}/repayments", {"amount_minor": 1}, next(keys))

    show("ours", *await steadily(rate, seconds, there, mixed()), rate)
    fresh = Connection(there)  # the first one has been idle too long by now
    held = [json.loads((await fresh.send("GET", f"/v1/loans/{loan}"))[1])["suspense_minor"] for loan in loans]
    await connection.close()
    await fresh.close()
    print(f"repaid in all: {sum(held):,} of {rate * seconds // 2:,}  hash {short_hash(str(held).encode())}")


def main(seconds=60, rate=200):
    """Start a server, measure it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PUHUI_HOME"] = folder
        os.environ["PUHUI_MASTER_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
        key = new_key(("operations", "officer"), SCOPES)
        with serving(folder) as port:
            asyncio.run(measure(rate, seconds, (port, key)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
