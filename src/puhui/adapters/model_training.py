"""What a training leaves: each model, its report and its page as files, and its line in the registry."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import puhui
from puhui.adapters import model_files
from puhui.credit.models import registry
from puhui.credit.models.report import report
from puhui.credit.models.report_page import as_html
from puhui.credit.models.train import Trained, Training
from puhui.kernel.clock import now
from puhui.kernel.ids import new_id

FIGURES = ("rows", "bad", "auc", "auc_low", "auc_high", "ks", "brier")


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of one model; `name` is its id in the registry, or its kind where it has none."""

    name: str
    model: Path
    report: Path
    page: Path


def keep(done: Training, by: str, data_hash: str, where: Path | None = None) -> list[Kept]:
    """Register every model of a training and write its files: the model with the registry, the rest into `where`.

    data_hash: SHA-256 of what it was trained on. Refuses what the registry refuses.
    """
    kept = []
    for each in done.models:
        name = new_id("model")
        model_files.add(partial(_registered, name=name, each=each, done=done, by=by, data_hash=data_hash))
        model = model_files.save(name, each.model.as_json())
        kept.append(_with_report(done, each, name, model, where or model_files.folder()))
    return kept


def write(done: Training, where: Path) -> list[Kept]:
    """Write every model of a training, its report and its page into a folder; nothing is registered."""
    return [
        _with_report(done, each, each.name, model_files.save(each.name, each.model.as_json(), where), where)
        for each in done.models
    ]


def _with_report(done: Training, each: Trained, name: str, model: Path, where: Path) -> Kept:
    told = report(done, each)
    page = where.joinpath(f"{name}.html")
    written = model_files.save(f"{name}.report", {**told, "preparation": done.preparation.as_json()}, where)
    page.write_text(as_html(told, [other.figures for other in done.models]), encoding="utf-8")
    return Kept(name, model, written, page)


def _registered(
    known: registry.Registry, *, name: str, each: Trained, done: Training, by: str, data_hash: str
) -> registry.Record:
    details = {
        "kind": each.figures["kind"],
        "model_hash": each.figures["hash"],
        "data_hash": data_hash,
        "code_version": puhui.__version__,
        "seed": done.setting.seed,
        "figures": {figure: each.figures[figure] for figure in FIGURES},
    }
    return registry.register(known, name, by, now(), details)
