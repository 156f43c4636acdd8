"""The report of a trained model as plain data: what the page draws and what machines read."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from puhui.credit.models import MODEL_KINDS, Model
from puhui.credit.models.additive import Scorecard
from puhui.credit.models.bins import Floats, fine_bins, is_number, say_bin
from puhui.credit.models.folds import label_of
from puhui.credit.models.measures import auc, band_edges, band_rows, bootstrap, curve, ks, psi, wilson
from puhui.credit.models.train import Trained, Training
from puhui.kernel.language import Text

EXPLAINED_ROWS = 2000
MOST_GROUPS = 12
FEWEST_OF_GROUP = 30
AGE_WORDS = ("age", "年龄")
AGE_CUTS = (25.0, 35.0, 45.0, 55.0, 65.0)


def report(done: Training, trained: Trained, groups: Sequence[str] = ()) -> dict[str, Any]:
    """Return the report of one model of a training; `groups` are columns to judge fairness by."""
    label = label_of(done.test, done.setting)
    pd = trained.test_pd
    edges = band_edges(trained.train_pd)
    ks_low, ks_high = bootstrap(ks, label, pd, done.setting.seed)
    title = MODEL_KINDS[trained.name].title
    return {
        "kind": trained.name,
        "title": title._asdict(),
        "hash": trained.figures["hash"],
        "figures": {**trained.figures, "ks_low": ks_low, "ks_high": ks_high},
        "split": done.as_json()["split"],
        "small_sample": dict(done.small),
        "reject_inference": done.plan.reject_inference,
        "dropped": {name: why._asdict() for name, why in done.preparation.dropped.items()},
        "curve": curve(label, pd),
        "calibration": calibration_rows(label, pd),
        "bands": band_rows(label, pd, edges),
        "psi_score": psi(_share(trained.train_pd, edges), _share(pd, edges)),
        "psi_features": feature_psi(done, trained.model),
        "features": feature_tables(trained.model),
        "importance": importance(trained.model, done.test),
        "fairness": fairness(done, trained, label, [*groups, *done.plan.keep, *_ages(done.test)]),
        "vintages": vintages(done, trained, label),
        "notes": dict(trained.model.notes),
        "needs": trained.model.needs,
        "card": card(done, trained),
    }


def calibration_rows(label: Floats, pd: Floats, bands: int = 10) -> list[dict[str, float]]:
    """Return mean PD and bad rate with interval in ten parts of equal size."""
    rows = band_rows(label, pd, band_edges(pd, bands))
    return [
        {
            "mean_pd": row["mean_pd"],
            "bad_rate": row["bad_rate"],
            "low": row["bad_rate_low"],
            "high": row["bad_rate_high"],
        }
        for row in rows
        if row["rows"]
    ]


def _share(pd: Floats, edges: Floats) -> Floats:
    return np.bincount(np.searchsorted(edges, pd, side="left"), minlength=edges.size + 1).astype(np.float64)


def feature_psi(done: Training, model: Model) -> dict[str, float]:
    """Return the stability of each feature between training and test rows, over ten bins."""
    found = {}
    for name in model.features:
        bins = fine_bins(done.train[name], 10)
        counts = [np.bincount(bins.codes(part[name]), minlength=bins.count) for part in (done.train, done.test)]
        found[name] = psi(counts[0].astype(np.float64), counts[1].astype(np.float64))
    return found


def feature_tables(model: Model) -> list[dict[str, Any]]:
    """Return for each feature of a scorecard its bins with rows, bad rate, WOE and points; none for other kinds."""
    if not isinstance(model, Scorecard):
        return []
    found = []
    for place, bins in enumerate(model.bins):
        counts, bads, points = model.counts[place], model.bads[place], model.bin_points[place]
        all_bad, all_rows = bads.sum(), counts.sum()
        rows: list[dict[str, Any]] = []
        for code in range(bins.count):
            if not counts[code] and code < bins.count - 1:
                continue
            good = counts[code] - bads[code]
            share = ((bads[code] + 0.5) / (all_bad + 0.5)) / ((good + 0.5) / (all_rows - all_bad + 0.5))
            rows.append(
                {
                    "bin": say_bin(bins, code),
                    "rows": int(counts[code]),
                    "bad_rate": float(bads[code] / counts[code]) if counts[code] else None,
                    "woe": float(np.log(share)) if counts[code] else None,
                    "points": int(points[code]),
                    "log_odds": float(model.tables[place][code]),
                }
            )
        found.append({"name": bins.name, "kind": bins.kind, "rows": rows})
    return found


def importance(model: Model, table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return mean absolute contribution of each feature in log-odds (SHAP for the challenger), weightiest first."""
    some = table.head(EXPLAINED_ROWS)
    contributions = model.contributions(some)
    weight = np.abs(contributions).mean(axis=0)
    order = np.argsort(-weight, kind="stable")
    found = []
    for place in order:
        name = model.features[place]
        numeric = is_number(some[name])
        values = some[name].cast(pl.Float64).to_numpy() if numeric else np.zeros(0)
        together = _direction(values, contributions[:, place]) if numeric else 0.0
        found.append({"name": name, "mean_log_odds": float(weight[place]), "direction": together})
    return found


def _direction(values: Floats, pushes: Floats) -> float:
    """Return the rank correlation of value and push, 0 where there is none."""
    known = ~np.isnan(values)
    if known.sum() < 3 or np.ptp(values[known]) == 0 or np.ptp(pushes[known]) == 0:
        return 0.0
    ranks = [np.unique(each[known], return_inverse=True)[1].astype(np.float64) for each in (values, pushes)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def fairness(done: Training, trained: Trained, label: Floats, groups: Sequence[str]) -> list[dict[str, Any]]:
    """Return for each column and group: rows, bad rate, mean PD, share accepted at the overall bad rate's cut, AUC.

    accepted: PD no more than the PD that passes 80 % of all. With 95 % intervals; small groups are said to be small.
    """
    cut = float(np.quantile(trained.test_pd, 0.8))
    found = []
    for column in dict.fromkeys(groups):
        if column not in done.test.columns:
            continue
        names = grouped(done.test[column])
        rows = []
        for name in names.value_counts(sort=True)[names.name].head(MOST_GROUPS):
            inside = (names == name).to_numpy() if name is not None else names.is_null().to_numpy()
            rows.append(
                _group(str(name) if name is not None else "缺失 missing", label[inside], trained.test_pd[inside], cut)
            )
        found.append({"column": column, "groups": rows, "cut_pd": cut})
    return found


def grouped(column: pl.Series) -> pl.Series:
    """Return the group of each row: ages in bands, other numbers of many values in quarters, texts as they are."""
    if not is_number(column) or column.n_unique() <= MOST_GROUPS:
        return column.cast(pl.String)
    cuts = (
        AGE_CUTS if _is_age(column.name) else tuple(sorted({float(column.quantile(q) or 0) for q in (0.25, 0.5, 0.75)}))
    )
    labels = [
        f"≤ {cuts[0]:g}",
        *(f"{low:g}–{high:g}" for low, high in pairwise(cuts)),
        f"> {cuts[-1]:g}",
    ]
    values = column.cast(pl.Float64)
    places = np.searchsorted(cuts, values.fill_null(0.0).to_numpy(), side="left")
    named = pl.Series(column.name, labels, dtype=pl.String).gather(places)
    return named.set(values.is_null(), None)


def _ages(table: pl.DataFrame) -> list[str]:
    return [name for name in table.columns if _is_age(name) and is_number(table[name])]


def _is_age(name: str) -> bool:
    return name.lower() in AGE_WORDS


def _group(name: str, label: Floats, pd: Floats, cut: float) -> dict[str, Any]:
    bad, accepted = int(label.sum()), int((pd <= cut).sum())
    good_accepted, good = int((pd[label == 0] <= cut).sum()), int((label == 0).sum())
    low, high = wilson(bad, label.size)
    accepted_low, accepted_high = wilson(accepted, label.size)
    good_low, good_high = wilson(good_accepted, good)
    both = 0 < bad < label.size
    return {
        "group": name,
        "rows": int(label.size),
        "small": label.size < FEWEST_OF_GROUP,
        "bad_rate": bad / label.size,
        "bad_rate_low": low,
        "bad_rate_high": high,
        "mean_pd": float(pd.mean()),
        "accepted": accepted / label.size,
        "accepted_low": accepted_low,
        "accepted_high": accepted_high,
        "good_accepted": good_accepted / good if good else None,
        "good_accepted_low": good_low,
        "good_accepted_high": good_high,
        "auc": auc(label, pd) if both else None,
    }


def vintages(done: Training, trained: Trained, label: Floats) -> list[dict[str, Any]]:
    """Return by quarter of application: rows, bad rate, mean PD, AUC on test rows; empty without a time."""
    time = done.setting.time
    if not time or time not in done.test.columns or not done.test[time].dtype.is_temporal():
        return []
    when = done.test[time]
    quarter = when.dt.year().cast(pl.String) + "Q" + when.dt.quarter().cast(pl.String)
    found = []
    for name in sorted(set(quarter.drop_nulls())):
        inside = (quarter == name).fill_null(False).to_numpy()
        both = 0 < label[inside].sum() < inside.sum()
        low, high = wilson(int(label[inside].sum()), int(inside.sum()))
        found.append(
            {
                "quarter": name,
                "rows": int(inside.sum()),
                "bad_rate": float(label[inside].mean()),
                "bad_rate_low": low,
                "bad_rate_high": high,
                "mean_pd": float(trained.test_pd[inside].mean()),
                "auc": auc(label[inside], trained.test_pd[inside]) if both else None,
            }
        )
    return found


def card(done: Training, trained: Trained) -> list[dict[str, Any]]:
    """Return the model card: what it is for, from which data, how good, what it must not be used for."""
    split, figures = done.as_json()["split"], trained.figures
    rows: list[tuple[Text, Text]] = [
        (
            Text("用途", "for"),
            Text("估计申请人变坏的可能性，供信贷决策参考", "estimates the chance that an applicant turns bad"),
        ),
        (
            Text("不得用于", "not for"),
            Text(
                "与训练人群不同的人群；未经第二人批准的决策；作为拒绝的唯一理由",
                "people unlike those it was trained on; decisions before a second person approved it",
            ),
        ),
        (
            Text("数据", "data"),
            Text(
                f"训练 {split['train_rows']:,} 行，其中坏 {split['train_bad']:,}；测试 {split['test_rows']:,} 行",
                f"{split['train_rows']:,} rows to train ({split['train_bad']:,} bad), {split['test_rows']:,} to test",
            ),
        ),
        (
            Text("区分能力", "how it ranks"),
            Text(
                f"AUC {figures['auc']:.4f}（95% 区间 {figures['auc_low']:.4f}–{figures['auc_high']:.4f}）",
                f"AUC {figures['auc']:.4f} (95% interval {figures['auc_low']:.4f} to {figures['auc_high']:.4f})",
            ),
        ),
        (
            Text("缺失值", "missing values"),
            Text(
                "自成一档；训练中从未缺失的，按最差一档计，缺失不会得利",
                "a bin of their own; never seen in training: the riskiest bin, so leaving a field out never helps",
            ),
        ),
        (
            Text("局限", "limits"),
            Text(
                "只从已放款者学习，拒绝者的结局未知；数据若早于今日的市场，须监测稳定性",
                "it learned from those who were lent to; markets move, so watch its stability",
            ),
        ),
    ]
    return [{"name": name._asdict(), "text": text._asdict()} for name, text in rows]
