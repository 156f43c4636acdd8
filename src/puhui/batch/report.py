"""The night report as data: what was accrued, who moved, what is provided, whether all reconciles."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from puhui.accounting import accounts as acc
from puhui.batch.ports import Unit
from puhui.kernel.refusals import declare
from puhui.risk.delinquency import BUCKETS
from puhui.risk.provisions import share_ppm
from puhui.rulebook.operators import CLASSES

NIGHT_NOT_CLOSED = declare(
    "NIGHT_NOT_CLOSED",
    404,
    "{day} 还没有关账。请先运行 puhui close --date {day}。",
    "{day} is not closed. Run first: puhui close --date {day}.",
)


def night_report(store: Unit, day: date) -> dict[str, Any]:
    """Return the report of a closed day; amounts in minor units, all institutions together.

    loans: all in the book, active, touched since the night before, done alone. All of it is what the night noted of its
    steps; nothing is worked out anew. Refuses NIGHT_NOT_CLOSED.
    """
    steps = {step.name: step for step in store.nights.steps(day)}
    if "posted" not in steps:
        raise NIGHT_NOT_CLOSED.refuse("day", day=day.isoformat())
    figures, moved = steps["columns"].result, steps["entries"].result["moved"]
    return {
        "night_of": day.isoformat(),
        "posted_at": steps["posted"].done_at.isoformat(),
        "loans": {
            **dict(zip(("all", "active"), figures["loans"], strict=True)),
            **steps["gather"].result,
        },
        "accrued": _accrued(moved),
        "fell_due": dict(zip(("loans", "principal_minor", "interest_minor", "fee_minor"), figures["due"], strict=True)),
        "buckets": _by([bucket.code for bucket in BUCKETS], figures["by_bucket"], _THREE),
        "moves": _moves(figures["moves"]),
        "past_due_principal_minor": figures["past_due_principal_minor"][0],
        "categories": _by(CLASSES, figures["by_category"], _THREE),
        "stages": _by(("1", "2", "3"), figures["by_stage"], _THREE),
        "ratios": _ratios(figures),
        "non_accrual": dict(zip(("loans", "principal_minor"), figures["non_accrual"], strict=True)),
        "provisions": {"charged_minor": steps["provisions"].result.get(acc.IMPAIRMENT_LOSS, 0)},
        "classified": steps["classify"].result["facts"] if "classify" in steps else None,
        "entries": steps["entries"].result["entries"],
        "set_aside": [
            {"loan": each.loan, "step": each.step, "problem": each.problem} for each in store.nights.set_asides(day)
        ],
        "reconciliation": dict(steps["reconcile"].result) if "reconcile" in steps else {"sound": False},
        "snapshot_sha256": steps["snapshot"].result["sha256"],
        "checkpoint": dict(steps["checkpoint"].result) if "checkpoint" in steps else {},
    }


_THREE = ("loans", "principal_minor", "expected_loss_minor")


def _accrued(moved: Mapping[str, int]) -> dict[str, int]:
    """Return what the day brought: income is a credit, so its sign is turned; VAT comes on top of it."""
    names = {
        "interest_minor": acc.INTEREST_INCOME,
        "penalty_minor": acc.PENALTY_INCOME,
        "fee_minor": acc.FEE_INCOME,
    }
    found = {name: -moved.get(account, 0) for name, account in names.items()}
    vat = -(moved.get(acc.VAT_PAYABLE, 0) + moved.get(acc.VAT_NOT_DUE, 0))
    off = moved.get(acc.OFF_INTEREST, 0) + moved.get(acc.OFF_PENALTY_AND_FEES, 0)
    return {**found, "vat_minor": vat, "off_balance_minor": off}


def _by(names: Any, columns: Any, figures: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"code": name, **dict(zip(figures, values, strict=True))} for name, *values in zip(names, *columns, strict=True)
    ]


def _moves(moves: Any) -> list[dict[str, Any]]:
    """Return who moved, or is new: from (None: new), to, loans, principal; nobody left out but those who stayed."""
    codes = [bucket.code for bucket in BUCKETS]
    found = []
    for place, (loans, principal_minor) in enumerate(zip(*moves, strict=True)):
        old, new = divmod(place, len(codes))
        if loans and old != new:
            before = codes[old] if old < len(codes) else None
            found.append({"from": before, "to": codes[new], "loans": loans, "principal_minor": principal_minor})
    return found


def _ratios(figures: Mapping[str, Any]) -> dict[str, int | None]:
    """Return bad loans of all loans, provisions of loans, provisions of bad loans; ppm, None of nothing."""
    _, principal, needed = figures["by_category"]
    bad_minor, all_minor, provided_minor = sum(principal[CLASSES.index("SUB") :]), sum(principal), sum(needed)
    return {
        "non_performing_ppm": share_ppm(bad_minor, all_minor),
        "provision_to_loans_ppm": share_ppm(provided_minor, all_minor),
        "coverage_ppm": share_ppm(provided_minor, bad_minor),
    }
