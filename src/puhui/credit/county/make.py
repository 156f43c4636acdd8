"""The simulated county (模拟县) whole: parties, applications, events, history, and apart from them the truth."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import polars as pl

from puhui.credit.county import market, tables
from puhui.credit.county.bills import bills
from puhui.credit.county.farms import farms
from puhui.credit.county.flows import flows
from puhui.credit.county.latent import make_latents
from puhui.credit.county.rows import Block, Windows, in_order, make_windows, rows_known
from puhui.credit.county.setting import CountySetting
from puhui.credit.county.tables import Core
from puhui.credit.county.trade import trade
from puhui.credit.county.truth import make_truth
from puhui.credit.county.wishes import make_wishes
from puhui.credit.events import empty_events

BLOCK_PARTIES: Final = 10_000
SIMULATED: Final = "模拟数据，不涉及任何真实的人或机构。Simulated data: no real person or institution."


@dataclass(frozen=True)
class County:
    """The frames of one simulated county. Only `truth` and `latent` hold what nobody observes.

    parties: borrowers. applications: what was asked and stated. events: of `credit.events.SCHEMA`, by party and time.
    history: booked loans, with label (1: 90 days past due within 12 months) where ripe. truth: one row an application.
    latent: one row a party. vehicles, dealers, institutions: by id.
    """

    setting: CountySetting
    parties: pl.DataFrame
    applications: pl.DataFrame
    events: pl.DataFrame
    history: pl.DataFrame
    truth: pl.DataFrame
    latent: pl.DataFrame
    vehicles: pl.DataFrame
    dealers: pl.DataFrame
    institutions: pl.DataFrame

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return the frames by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "setting"}


def make_county(setting: CountySetting) -> County:
    """Return the county of a setting: the same setting gives the same county, to the byte."""
    core = _core(setting)
    events = pl.concat([empty_events(), *_event_blocks(core)])
    return _county(core, events)


def write_county(county: County, folder: Path) -> dict[str, Path]:
    """Write each frame as simulated_NAME.parquet, its metadata saying simulated; return the paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, frame in county.frames().items():
        paths[name] = folder.joinpath(f"simulated_{name}.parquet")
        frame.write_parquet(paths[name], metadata=_metadata(county.setting, name))
    return paths


def write_large_county(setting: CountySetting, folder: Path) -> dict[str, Path]:
    """Write the county of a setting with its events as parts, one of 10,000 parties each: no more in memory at once.

    Return the paths by name; that of `events` is the folder of the parts. Their rows are those of `make_county`.
    """
    core = _core(setting)
    paths = write_county(_county(core, empty_events()), folder)
    paths.pop("events").unlink()
    parts = folder.joinpath("simulated_events")
    parts.mkdir(exist_ok=True)
    for number, events in enumerate(_event_blocks(core)):
        path = parts.joinpath(f"simulated_events_{number:05d}.parquet")
        events.write_parquet(path, metadata=_metadata(setting, "events"))
    return {**paths, "events": parts}


def fingerprint(county: County) -> str:
    """Return the SHA-256 of every value of every frame: one county, one fingerprint."""
    whole = hashlib.sha256()
    for name, frame in county.frames().items():
        whole.update(f"{name} {frame.height} {frame.schema}".encode())
        for part in frame.iter_slices(500_000):
            buffer = io.BytesIO()
            part.rechunk().write_ipc(buffer, compat_level=pl.CompatLevel.oldest())
            whole.update(buffer.getbuffer())
    return whole.hexdigest()


def _core(setting: CountySetting) -> Core:
    latents, vehicles = make_latents(setting), market.make_vehicles(setting)
    wishes = make_wishes(setting, latents, vehicles)
    truth = make_truth(setting, latents, wishes)
    return Core(setting, latents, wishes, truth, make_windows(setting, len(latents), wishes), vehicles)


def _county(core: Core, events: pl.DataFrame) -> County:
    applications = tables.applications(core)
    return County(
        setting=core.setting,
        parties=tables.parties(core),
        applications=applications,
        events=events,
        history=tables.history(core, applications),
        truth=tables.truth_of(core, applications),
        latent=tables.latent_of(core),
        vehicles=core.vehicles,
        dealers=market.make_dealers(core.setting),
        institutions=market.institutions(),
    )


def _event_blocks(core: Core) -> Iterator[pl.DataFrame]:
    """Yield the events of some parties after others, each by party, time and kind."""
    asked = tables.applications(core)
    own = tables.own_repayments(core, tables.history(core, asked), tables.truth_of(core, asked))
    for start in range(0, len(core.latents), BLOCK_PARTIES):
        end = min(start + BLOCK_PARTIES, len(core.latents))
        windows = Windows(**{each.name: getattr(core.windows, each.name)[start:end] for each in fields(Windows)})
        block = Block(core.setting, start, core.latents.part(start, end), windows)
        frames = [rows_known(block, rows) for subject in (flows, bills, trade, farms) for rows in subject(block)]
        mine = own.filter(pl.col("row").is_between(start, end - 1)).with_columns(pl.col("row") - start)
        yield in_order(block, pl.concat([*frames, mine]))


def _metadata(setting: CountySetting, name: str) -> dict[str, str]:
    return {
        "puhui:simulated": SIMULATED,
        "puhui:table": name,
        "puhui:setting": json.dumps(setting.model_dump(mode="json"), sort_keys=True),
    }
