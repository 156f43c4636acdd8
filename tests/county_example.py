"""A small simulated county for tests: its events by party, a scorecard trained on its past, cases of its new wishes."""

import shutil
from functools import cache

import polars as pl

from puhui.adapters import model_files
from puhui.credit.county import CountySetting, make_county
from puhui.credit.features.compute import features_of
from puhui.credit.models import MODEL_KINDS, registry
from puhui.credit.models.setting import Setting
from puhui.funding.application import Used
from puhui.funding.definition import CATALOGUE, FOLDER, load_funders
from puhui.kernel import clock
from puhui.kernel.home import home
from puhui.kernel.ids import new_id
from puhui.workflows.case import Case
from puhui.workflows.judge import asked
from puhui.workflows.kit import kit_of, parts_here

LINES = {"auto": "auto", "personal": "personal", "farm": "personal", "shop": "personal"}
# What the scorecard of the tests looks at: few, so that fitting is quick.
FEATURES = (
    "income_mean_12m",
    "income_variation_12m",
    "bill_late_share_12m",
    "repayment_late_share_12m",
    "balance_mean_3m",
    "inquiry_3m",
    "spending_to_income_6m",
    "asked_minor",
    "stated_income_minor",
)


@cache
def county():
    return make_county(CountySetting(seed=3, people=900))


@cache
def events_by_party():
    return {party: frame for (party,), frame in county().events.group_by("party", maintain_order=True)}


def case_of(row, **changes):
    """Return the case of one row of the county's applications; the checks all went well."""
    checks = {
        "age_years": row["age"],
        "identity_verified": True,
        "on_fraud_list": False,
        "consent_credit_report": True,
        "college_student": False,
    }
    if row["purpose"] == "auto":
        loan_to_value_ppm = row["amount_minor"] * 1_000_000 // row["price_minor"]
        checks |= {"vehicle_kind": "new", "driving_licence": True, "dealer_approved": True}
        checks |= {"loan_to_value_ppm": loan_to_value_ppm}
    given = {
        "application": row["application"],
        "party": row["party"],
        "at": row["applied_at"],
        "institution": "sim_bank",
        "region": row["place"],
        "line": LINES[row["purpose"]],
        "segment": row["segment"],
        "purpose": row["use"],
        "amount_minor": row["price_minor"] or row["amount_minor"],
        "cash_minor": row["cash_minor"],
        "down_minor": row["down_payment_minor"] or 0,
        "most_months": row["term_months"],
        "stated_income_minor": row["stated_income_minor"],
        "stated_debt_minor": row["stated_debt_minor"],
        "exposure_minor": 0,
        "dependants": 1,
        "dealer": row["dealer"] or "",
        "checks": checks,
    }
    return Case(**{**given, **changes})


def new_cases(count):
    rows = county().applications.filter(pl.col("state") == "new").head(count).iter_rows(named=True)
    return [case_of(row) for row in rows]


@cache
def model_json():
    """Return a scorecard fitted to the loans of the county whose outcome is known."""
    whole = county()
    past = whole.history.filter(pl.col("label").is_not_null()).join(whole.applications, on="application", suffix="_a")
    past = past.unique("party", keep="first", maintain_order=True)
    features = features_of(whole.events, past.select("party", pl.col("applied_at").alias("as_of")))
    own = pl.DataFrame([{"party": row["party"], **asked(case_of(row))} for row in past.iter_rows(named=True)])
    table = features.join(own, on="party").join(past.select("party", "label"), on="party")
    setting = Setting(label="label", features=FEATURES, seed=0)
    return MODEL_KINDS["scorecard"].fit(table, setting).as_json()


@cache
def kit():
    parts = parts_with_examples()
    names = [name.partition(":")[2] for name in parts if name.startswith("funder:")]
    return kit_of(parts, {name: Used(day_minor=0, day_loans=0, total_minor=0) for name in names})


def parts_with_examples():
    """Return the parts in force here, and the shipped examples of funders, which no house decides with."""
    shipped = load_funders(CATALOGUE).items()
    funders = {f"funder:{name}": funder.model_dump(mode="json", exclude_unset=True) for name, funder in shipped}
    return {**funders, **parts_here(model_json())}


def champion():
    """Put the model of the example county into the registry, approved by a second person, as the champion."""
    data, at = model_json(), clock.now()
    name = new_id("model")
    shutil.copytree(CATALOGUE, home().joinpath(FOLDER), dirs_exist_ok=True)
    model_files.save(name, data)
    details = {"kind": "scorecard", "model_hash": data["hash"], "data_hash": "", "code_version": "0", "seed": 0}
    model_files.add(lambda known: registry.register(known, name, "li", at, {**details, "figures": {}}))
    model_files.add(lambda known: registry.approve(known, name, "wang", at))
    model_files.add(lambda known: registry.assign(known, name, "champion", "wang", at))
    return name
