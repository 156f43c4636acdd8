"""425 real Chinese small firms and their 1.1 million VAT invoices: learn from the 123 with a label, decide the 302.

Rate and limit are then planned for all that are not declined, for the most expected profit under one budget
(`credit.profit`); who is referred gets the offer only after a person has said yes.
123 firms, 27 of them bad, are few: what the model is worth is told with its interval, each firm judged by a model
that has not seen it. When a firm defaulted is not told, so its last invoices may know of it: what is shown is at best.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from puhui.adapters.table_import import Setting as Import
from puhui.adapters.table_import import tidy_chunks
from puhui.adapters.table_labelled import read_labelled
from puhui.credit.data.chunk import ROW
from puhui.credit.data.mapping import Mapping as DataMapping
from puhui.credit.data.mapping import read_mapping, table_of
from puhui.credit.data.seen import Seen
from puhui.credit.features.catalogue import FEATURES
from puhui.credit.features.compute import features_of
from puhui.credit.models import MODEL_KINDS, Model
from puhui.credit.models.folds import label_of
from puhui.credit.models.prepare import prepare
from puhui.credit.models.report import importance
from puhui.credit.models.setting import Setting as Fit
from puhui.credit.models.train import Plan, small_sample
from puhui.credit.policy.columns import PolicyColumns
from puhui.credit.policy.decision import OUTCOMES
from puhui.credit.policy.shipped import shipped
from puhui.credit.policy_facts import policy_facts
from puhui.credit.population import decide_population
from puhui.credit.profit import Comparison, Firm, Setting, compare, shipped_churn
from puhui.demo.files.people import reasons_counted
from puhui.demo.files.timed import Timed
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM

MAPPING: Final = "cumcm2020c"
LABELLED: Final = "credit_history_enterprise_information.csv"
INVOICES: Final = (
    "123家_进项发票.parquet",
    "123家_销项发票.parquet",
    "302家_进项发票.parquet",
    "302家_销项发票.parquet",
)
POLICY: Final = "firm_invoices"
KIND: Final = "scorecard"
# Chosen by their meaning, before any was tried: size, rhythm, void and red-letter ones, buyers, suppliers, growth.
LEARNT_FROM: Final = (
    "invoice_sold_mean_12m",
    "invoice_sold_count_12m",
    "invoice_sold_variation_12m",
    "invoice_sold_active_share_12m",
    "invoice_sold_since_last_days",
    "invoice_sold_history_months",
    "invoice_sold_year_growth",
    "invoice_sold_void_share_12m",
    "invoice_sold_red_share_12m",
    "invoice_sold_top_share_12m",
    "invoice_bought_mean_12m",
    "invoice_bought_void_share_12m",
)
# What the policy asks beyond `policy_facts`: its name, the feature, and how many make one.
ASKED: Final = {
    "history_months": ("invoice_sold_history_months", 1),
    "year_growth_ppm": ("invoice_sold_year_growth", PPM),
}
SIGNS: Final = {"safer": -1, "riskier": 1}
# The contest's terms: 100 million yuan, loans of 0.1 to 1 million. The rest is assumed: what money costs, what a
# default loses, and that no firm may borrow more than this share of a year's sales.
BUDGET_MINOR: Final = 10_000_000_000
FUNDING_PPM, LGD_PPM, SALES_PPM = 20_000, 600_000, PPM // 5
SEED: Final = 0


def run(folder: Path, timed: Timed) -> dict[str, Any]:
    """Return the figures of the whole job on the files in `folder`."""
    mapping = read_mapping(MAPPING)
    with timed.step("read", Text("读入 110 万张发票", "1.1 million invoices are read")):
        events = pl.concat(_events(folder, mapping))
        labels = read_labelled([folder.joinpath(LABELLED)], mapping).labelled.select("party", "label")
    with timed.step("features", Text("发票变成企业特征", "invoices become features of firms")):
        features = features_of(events, _last_known(events), sorted({*LEARNT_FROM, *read_by_policy()}))
    known = labels.join(features, on="party", maintain_order="left")
    new = features.join(labels, on="party", how="anti")
    fit = Fit(label="label", features=LEARNT_FROM, party="party", monotone=_signs(), seed=SEED, threads=2)
    with timed.step("train", Text("从有标签的企业学习，逐一留出检验", "learn from the labelled; leave each one out")):
        worth = small_sample(known, label_of(known, fit), fit, Plan((KIND,)))
        preparation, chosen = prepare(known, fit)
        model = MODEL_KINDS[KIND].fit(preparation.apply(known), chosen)
    with timed.step("decide", Text("决策没有标签的企业", "the others are decided")):
        firms = pl.concat([preparation.apply(new), facts_of(new)], how="horizontal")
        answers = decide_population(firms, model, PolicyColumns(shipped()[POLICY]))
    with timed.step("price", Text("在总额度内求利润最大的利率与额度", "rates and limits for the most profit")):
        compared = compare(borrowers(firms, answers), _setting())
    return {
        "data": MAPPING,
        "title": mapping.title.model_dump(),
        "currency": mapping.currency,
        "policy": POLICY,
        "invoices": events.height,
        "firms": features.height,
        "labelled": {"firms": known.height, "bad": int(known["label"].sum())},
        "worth": worth,
        "weighs": _weighs(model, preparation.apply(known)),
        "outcomes": {name: int((answers["outcome"] == name).sum()) for name in OUTCOMES},
        "reasons": reasons_counted(answers, firms, shipped()[POLICY]),
        "grades": _grades(answers),
        "offers": _offers(firms, answers, compared),
        "profit": {**_setting_told(), **_profit(compared)},
        "decided": answers.insert_column(0, firms["party"]).drop("hit_bits", "open_bits").to_dicts(),
    }


def _events(folder: Path, mapping: DataMapping) -> Iterator[pl.DataFrame]:
    for name in INVOICES:
        path = folder.joinpath(name)
        for _, made in tidy_chunks(path, table_of(mapping, path.name), Seen(), Import()):
            yield made.frame.drop(ROW)


def _last_known(events: pl.DataFrame) -> datetime:
    """Return the instant of the last invoice: what is known then is all there is."""
    last_at = events["recorded_at"].max()
    assert isinstance(last_at, datetime)
    return last_at


def read_by_policy() -> tuple[str, ...]:
    """Return the features that the policy's facts are made from."""
    of_facts = ("invoice_sold_active_share_12m", "invoice_sold_mean_12m", "invoice_sold_mean_24m")
    shares = ("invoice_sold_void_share_12m", "invoice_sold_red_share_12m", "invoice_sold_top_share_12m")
    return (*of_facts, *shares, *(feature for feature, _ in ASKED.values()))


def _signs() -> dict[str, int]:
    """Return for each feature what the catalogue says of risk, where it says it: few firms teach no directions."""
    return {name: SIGNS[FEATURES[name].direction] for name in LEARNT_FROM if FEATURES[name].direction in SIGNS}


def facts_of(features: pl.DataFrame) -> pl.DataFrame:
    """Return what the policy reads besides the PD, from features; what no invoice tells is null."""
    names = [name for name in shipped()[POLICY].inputs if name != "pd_ppm"]
    rows = [{**policy_facts(row), **_asked(row)} for row in features.iter_rows(named=True)]
    return pl.DataFrame([{name: row.get(name) for name in names} for row in rows], dict.fromkeys(names, pl.Int64))


def _asked(row: Mapping[str, Any]) -> dict[str, int]:
    known = {name: (row[feature], times) for name, (feature, times) in ASKED.items() if row[feature] is not None}
    return {name: round(value * times) for name, (value, times) in known.items()}


def borrowers(firms: pl.DataFrame, answers: pl.DataFrame) -> list[Firm]:
    """Return the firms that the policy does not decline: grade, PD, and the most that their sales bear."""
    table = answers.with_columns(firms["party"], firms["revenue_12m_minor"]).filter(pl.col("outcome") != "decline")
    return [
        # Sales that are not known bear nothing.
        Firm(row["party"], row["grade"], row["pd_ppm"], (row["revenue_12m_minor"] or 0) * SALES_PPM // PPM)
        for row in table.iter_rows(named=True)
    ]


def _setting() -> Setting:
    return Setting(budget_minor=BUDGET_MINOR, lgd_ppm=LGD_PPM, funding_ppm=FUNDING_PPM)


def _setting_told() -> dict[str, Any]:
    setting = _setting()
    return {
        "budget_minor": setting.budget_minor,
        "lowest_minor": setting.lowest_minor,
        "highest_minor": setting.highest_minor,
        "lgd_ppm": setting.lgd_ppm,
        "funding_ppm": setting.funding_ppm,
        "sales_ppm": SALES_PPM,
        "churn_source": shipped_churn().source._asdict(),
    }


def _profit(compared: Comparison) -> dict[str, Any]:
    """Return what each way of pricing earns and lends, and how far the best is proven."""
    ways = {
        "best": (compared.best, None),
        "flat": (compared.flat, compared.flat_rate_ppm),
        "even": (compared.even, compared.even_rate_ppm),
    }
    told = {
        name: {
            "profit_minor": each.profit_minor,
            "used_minor": each.used_minor,
            "firms": sum(placed.amount_minor > 0 for placed in each.placed),
            "rate_ppm": rate_ppm,
        }
        for name, (each, rate_ppm) in ways.items()
    }
    return {**told, "bound_minor": compared.best.bound_minor, "gain_minor": compared.gain_minor}


def _offers(firms: pl.DataFrame, answers: pl.DataFrame, compared: Comparison) -> list[dict[str, Any]]:
    """Return the offers, the safest firm first: grade, PD, rate, amount, expected profit."""
    told = {row["party"]: row for row in answers.with_columns(firms["party"]).iter_rows(named=True)}
    offers = [
        {
            "firm": placed.name,
            "outcome": told[placed.name]["outcome"],
            "grade": told[placed.name]["grade"],
            "pd_ppm": told[placed.name]["pd_ppm"],
            "rate_ppm": placed.rate_ppm,
            "amount_minor": placed.amount_minor,
            "profit_minor": placed.profit_minor,
        }
        for placed in compared.best.placed
        if placed.amount_minor
    ]
    return sorted(offers, key=lambda each: (each["pd_ppm"], each["firm"]))


def _grades(answers: pl.DataFrame) -> list[dict[str, Any]]:
    """Return for each grade: firms decided, approved, referred, and their mean PD."""
    counts = answers.group_by("grade").agg(
        pl.len().alias("firms"),
        *((pl.col("outcome") == name).sum().alias(name) for name in OUTCOMES),
        pl.col("pd_ppm").mean().round().cast(pl.Int64).alias("mean_pd_ppm"),
    )
    return counts.sort("grade").to_dicts()


def _weighs(model: Model, known: pl.DataFrame) -> list[dict[str, Any]]:
    """Return what weighs most, with the words of the catalogue."""
    found = [each for each in importance(model, known) if each["mean_log_odds"] > 0]
    return [{**each, "meaning": FEATURES[each["name"]].meaning._asdict()} for each in found]
