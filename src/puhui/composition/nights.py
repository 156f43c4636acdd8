"""Where nights happen here: this store, snapshots in the home folder, a thread for each core, the log's own key."""

from datetime import date, datetime
from typing import Final

from puhui.adapters.proof_keys import log_key
from puhui.batch.engines import threads
from puhui.batch.night import close
from puhui.batch.ports import Checkpoint
from puhui.batch.setting import Say, Setting, say_nothing
from puhui.kernel.clock import now
from puhui.kernel.home import home
from puhui.storage.database import Database
from puhui.storage.log import ProofLog

SNAPSHOTS: Final = "snapshots"


def night_setting(database: Database, say: Say = say_nothing) -> Setting:
    """Return the setting of this installation's nights."""

    def sign(at: datetime) -> Checkpoint:
        signed = ProofLog(database).checkpoint(log_key(), at)
        return Checkpoint(signed.size, signed.root.hex())

    return Setting(database, home().joinpath(SNAPSHOTS), threads(), sign, say)


def close_through(database: Database, day: date, *, rebuild: bool = False, say: Say = say_nothing) -> list[date]:
    """Close every open day through `day` now; return the days that were posted.

    Refuses NIGHT_TOO_EARLY, NIGHT_BUSY, SNAPSHOT_WRONG and what the store refuses.
    """
    return close(night_setting(database, say), day, now(), rebuild=rebuild)
