"""Models are trained on the county's past, registered, approved by a second person; the champion is to decide."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from puhui.adapters import model_files
from puhui.adapters.model_training import keep
from puhui.credit.county import County, fingerprint
from puhui.credit.features.catalogue import FEATURES as CATALOGUE
from puhui.credit.features.compute import features_of
from puhui.credit.models import registry
from puhui.credit.models.setting import Setting
from puhui.credit.models.train import CHALLENGER, CHAMPION, Plan, train
from puhui.demo.story import ANALYST, FEATURES, RISK_HEAD
from puhui.kernel.clock import now

LABEL: Final = "label"
# For the fairness of the report, never a feature.
GROUPS: Final = ("age", "sex", "township")
EFFORT_SECONDS: Final = 1
THREADS: Final = 2


def labelled(county: County) -> pl.DataFrame:
    """Return the county's ripe loans, one a party: features as of the application, what was asked, the label."""
    booked = county.history.filter(pl.col(LABEL).is_not_null()).select("application", LABEL)
    past = booked.join(county.applications, on="application", maintain_order="left")
    past = past.unique("party", keep="first", maintain_order=True)
    needed = [name for name in FEATURES if name in CATALOGUE]
    features = features_of(county.events, past.select("party", pl.col("applied_at").alias("as_of")), needed)
    asked = past.select(
        "party",
        LABEL,
        *GROUPS,
        pl.coalesce("price_minor", "amount_minor").alias("asked_minor"),
        pl.col("term_months").alias("asked_months"),
        "stated_income_minor",
        "stated_debt_minor",
    )
    return features.join(asked, on="party", maintain_order="left")


def train_models(county: County, watch: Callable[[], float]) -> list[Mapping[str, Any]]:
    """Train the three kinds, register them, approve and appoint champion and challenger; return their figures."""
    setting = Setting(label=LABEL, features=FEATURES, party="party", threads=THREADS, effort_seconds=EFFORT_SECONDS)
    done = train(labelled(county), setting, Plan(keep=GROUPS), watch)
    kept = keep(done, ANALYST, fingerprint(county))
    told: list[Mapping[str, Any]] = []
    for each, trained in zip(kept, done.models, strict=True):
        role = {CHAMPION: "champion", CHALLENGER: "challenger"}.get(trained.name, "shadow")
        _appoint(each.name, role)
        told.append({**trained.figures, "model": each.name, "role": role, "page": str(each.page)})
    return told


def _appoint(model: str, role: str) -> None:
    """Let the second person approve a model, and give it its part."""
    model_files.add(lambda known: registry.approve(known, model, RISK_HEAD, now()))
    model_files.add(lambda known: registry.assign(known, model, role, RISK_HEAD, now()))
