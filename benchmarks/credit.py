"""Models of credit risk on real tables, beside the peers as they come: AUC, KS, Brier, seconds to fit and to score.

    python benchmarks/credit.py                                  every set, every model
    python benchmarks/credit.py --sets gmsc german --models scorecard boosted_scorecard LightGBM

One split for all: train_test_split(random_state=0, test_size=0.3, stratify=y). Columns are prepared once for all (ids,
constants and suspected leaks out, dates as ages). `fit s` is wall time, `cpu s` the time of all threads: the machine
may be busy. A set or a peer that is not there is skipped with a word. The hash is that of the figures of our models.
"""

import argparse
import io
import sys
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import polars as pl

from measure import Stopwatch, peak_mb, short_hash
from puhui.credit.models import MODEL_KINDS
from puhui.credit.models.folds import split
from puhui.credit.models.measures import figures
from puhui.credit.models.prepare import prepare
from puhui.credit.models.setting import Setting

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LABEL = "puhui_label"
NULLS = ["NA", "", "null", "NaN"]


# --- the sets: a table with the label as 0 and 1 ---------------------------------------------------


def gmsc(folder):
    with zipfile.ZipFile(folder / "cs-training.csv.zip") as whole:
        table = read_csv(io.BytesIO(whole.read("cs-training.csv")))
    return labelled(table.drop(table.columns[0]), pl.col("SeriousDlqin2yrs") == 1, "SeriousDlqin2yrs")


def german(folder):
    return labelled(read_csv(folder / "german_named.csv"), pl.col("class") == 2, "class")


def homecredit_sample(folder):
    table = read_csv(folder / "application_train.csv").filter(pl.col("TARGET").is_not_null())
    return labelled(table, pl.col("TARGET") == 1, "TARGET", "CODE_GENDER")


def lending_club(folder):
    return labelled(read_csv(folder / "lending_club.csv"), pl.col("Class") == "bad", "Class")


def tianchi_sample(folder):
    return labelled(read_csv(folder / "train_sample.csv"), pl.col("isDefault") == 1, "isDefault")


def ibm_ar(folder):
    table = read_csv(folder / "WA_Fn-UseC_-Accounts-Receivable.csv")
    return labelled(table, pl.col("DaysLate") > 0, "DaysLate", "DaysToSettle", "SettledDate")


def cumcm2020c(folder):
    table = read_csv(folder / "credit_history_enterprise_information.csv")
    return labelled(table, pl.col("是否违约") == "是", "是否违约", "信誉评级", "企业名称")


SETS = {
    each.__name__: each for each in (gmsc, german, homecredit_sample, lending_club, tianchi_sample, ibm_ar, cumcm2020c)
}


def read_csv(source):
    return pl.read_csv(source, null_values=NULLS, infer_schema_length=None)


def labelled(table, bad, *out):
    return table.with_columns(bad.cast(pl.Int8).alias(LABEL)).drop(*out)


# --- the peers, as they come ------------------------------------------------------------------------


def hist_gradient_boosting(train, label, test):
    from sklearn.ensemble import HistGradientBoostingClassifier

    train, test = coded(train, test)
    model = HistGradientBoostingClassifier(random_state=0).fit(train, label)
    return lambda: model.predict_proba(test)[:, 1]


def lightgbm(train, label, test):
    from lightgbm import LGBMClassifier

    train, test = categories(train, test)
    model = LGBMClassifier(random_state=0, verbose=-1).fit(train, label)
    return lambda: model.predict_proba(test)[:, 1]


def catboost(train, label, test):
    from catboost import CatBoostClassifier

    train, test = texts(train, test)
    named = [name for name in train.columns if train[name].dtype == object or str(train[name].dtype) == "str"]
    model = CatBoostClassifier(random_seed=0, verbose=0, allow_writing_files=False, cat_features=named)
    model.fit(train, label)
    return lambda: model.predict_proba(test)[:, 1]


def ebm(train, label, test):
    from interpret.glassbox import ExplainableBoostingClassifier

    train, test = texts(train, test)
    model = ExplainableBoostingClassifier(random_state=0).fit(train, label)
    return lambda: model.predict_proba(test)[:, 1]


def optbinning(train, label, test):
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    train, test = texts(train, test)
    names = list(train.columns)
    process = BinningProcess(names, categorical_variables=[name for name in names if train[name].dtype == object])
    model = Scorecard(binning_process=process, estimator=LogisticRegression(max_iter=1000)).fit(train, label)
    return lambda: model.predict_proba(test)[:, 1]


def toad(train, label, test):
    import toad
    from sklearn.linear_model import LogisticRegression

    train, test = texts(train, test)
    combiner = toad.transform.Combiner()
    combiner.fit(train, label, method="chi", min_samples=0.05)
    woe = toad.transform.WOETransformer()
    design = woe.fit_transform(combiner.transform(train), label)
    model = LogisticRegression(max_iter=1000).fit(design, label)
    return lambda: model.predict_proba(woe.transform(combiner.transform(test)))[:, 1]


PEERS = {
    "optbinning": optbinning,
    "toad": toad,
    "HistGradientBoosting": hist_gradient_boosting,
    "LightGBM": lightgbm,
    "CatBoost": catboost,
    "EBM": ebm,
}


def texts(*frames):
    """Return pandas frames; missing texts are a text, since the peers refuse None among texts."""
    return [
        frame.with_columns(pl.col(pl.String).fill_null("missing"), pl.col(pl.Boolean).cast(pl.Int8))
        .to_pandas()
        .astype({name: object for name in frame.columns if frame[name].dtype == pl.String})
        for frame in frames
    ]


def categories(train, test):
    import pandas as pd

    left, right = texts(train, test)
    for name in left.columns:
        if left[name].dtype == object:
            known = pd.CategoricalDtype(sorted(left[name].unique()))
            left[name], right[name] = left[name].astype(known), right[name].astype(known)
    return left, right


def coded(train, test):
    left, right = categories(train, test)
    for name in left.columns:
        if str(left[name].dtype) == "category":
            left[name], right[name] = left[name].cat.codes, right[name].cat.codes
    return left, right


# --- the run ----------------------------------------------------------------------------------------


def run(name, make, rows, models, threads):
    """Return the lines of one set."""
    table = make(DATA / name)
    if rows and table.height > rows:
        table = table.gather_every(max(1, table.height // rows))
    label = table[LABEL].to_numpy().astype(np.float64)
    train_rows, test_rows = split(label, 0.3, 0)
    preparation, setting = prepare(table[train_rows], Setting(LABEL, threads=threads))
    train, test = preparation.apply(table[train_rows]), preparation.apply(table[test_rows])
    print(f"{name}: {table.height:,} rows, {len(preparation.features)} features, {int(label.sum()):,} bad")
    for column, why in preparation.dropped.items():
        print(f"  left out {column}: {why.en}")
    lines = []
    for model in models:
        begun = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                line = one(model, (train, test, setting), (label[train_rows], label[test_rows]))
        except Exception as error:
            if model in MODEL_KINDS:
                raise
            print(f"  {model:20} skipped: {type(error).__name__}: {str(error).splitlines()[0][:90]}", flush=True)
            continue
        lines.append((model, line))
        print(
            f"  {model:20} AUC {line['auc']:.4f} ({line['auc_low']:.3f}-{line['auc_high']:.3f})  KS {line['ks']:.4f}"
            f"  Brier {line['brier']:.5f}  fit {line['fit_s']:7.2f} s  score {line['score_s']:.3f} s"
            f"  cpu {time.process_time() - begun:.1f} s",
            flush=True,
        )
    return lines


def one(model, tables, labels):
    """Return figures and seconds of one model."""
    train, test, setting = tables
    features = list(setting.features)
    with Stopwatch() as fit:
        if model in MODEL_KINDS:
            fitted = MODEL_KINDS[model].fit(train.select([*features, LABEL]), setting)
        else:
            score = PEERS[model](train.select(features), labels[0].astype(int), test.select(features))
    with Stopwatch() as scored:
        pd = fitted.pd(test) if model in MODEL_KINDS else np.asarray(score(), np.float64)
    return {**figures(labels[1], pd), "fit_s": fit.seconds, "score_s": scored.seconds}


def explained(rows=10_000):
    """Print the seconds of SHAP reasons for 10,000 applicants."""
    if not (DATA / "gmsc").exists():
        return
    table = gmsc(DATA / "gmsc")[: 4 * rows]
    model = MODEL_KINDS["challenger"].fit(table, Setting(LABEL))
    with Stopwatch() as watch:
        model.contributions(table[:rows])
    print(f"SHAP of {rows:,} applicants: {watch.seconds:.2f} s (limit 5 s)")


def main(sets=(), models=(), rows=0, threads=1, shap=True):
    """Run the sets; print the lines and the hash of our figures."""
    kept = []
    for name in sets or SETS:
        if not (DATA / name).exists():
            print(f"{name}: skipped, no data")
            continue
        lines = run(name, SETS[name], rows, models or [*MODEL_KINDS, *PEERS], threads)
        kept += [
            f"{name} {model} {line['auc']:.9f} {line['brier']:.9f}" for model, line in lines if model in MODEL_KINDS
        ]
        compare(name, dict(lines))
    if shap:
        explained()
    print(f"peak {peak_mb():.0f} MB")
    print(f"hash {short_hash(*(line.encode() for line in kept))}")


def compare(name, lines):
    """Print the differences that matter: boosted scorecard less EBM, our best less the peers' best."""
    if "boosted_scorecard" in lines and "EBM" in lines:
        ours, theirs = lines["boosted_scorecard"], lines["EBM"]
        times = theirs["fit_s"] / ours["fit_s"]
        print(f"  {name}: boosted scorecard - EBM {ours['auc'] - theirs['auc']:+.4f} AUC, fitted {times:.0f} x as fast")
    peers = [line["auc"] for model, line in lines.items() if model in PEERS]
    own = [line["auc"] for model, line in lines.items() if model in MODEL_KINDS]
    if peers and own:
        print(f"  {name}: our best - best peer {max(own) - max(peers):+.4f} AUC")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=[], choices=SETS)
    parser.add_argument("--models", nargs="*", default=[], choices=[*MODEL_KINDS, *PEERS])
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-shap", action="store_true")
    given = parser.parse_args(sys.argv[1:])
    main(given.sets, given.models, given.rows, given.threads, not given.no_shap)
