"""The real files that the demonstration knows. A data set is its files, its job, its page, and one line here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from puhui.demo.files import firms, page, people
from puhui.demo.files.timed import Teller, Timed
from puhui.kernel.home import home
from puhui.kernel.refusals import declare

DATA_FOLDER_UNKNOWN = declare(
    "DATA_FOLDER_UNKNOWN",
    404,
    "{folder} 中没有已知的数据集。可用的文件夹须含：{known}。其他数据请用 puhui import 和 puhui train。",
    "{folder} holds no data set that is known. A folder must hold: {known}. For other data there are puhui import and "
    "puhui train.",
)
DATA_FILE_MISSING = declare(
    "DATA_FILE_MISSING",
    404,
    "数据集 {name} 的文件夹 {folder} 缺少：{missing}。请补齐后再试。",
    "The folder {folder} of the data set {name} lacks: {missing}. Add what is missing and try again.",
)

FOLDER: Final = "demo"


@dataclass(frozen=True, slots=True)
class DataSet:
    """A set of real files. run: the whole job on a folder. page: what came of it, as HTML."""

    name: str
    files: tuple[str, ...]
    run: Callable[[Path, Timed], dict[str, Any]]
    page: Callable[[dict[str, Any]], str]


DATA_SETS: Final = (
    DataSet(people.MAPPING, (people.FILE,), people.run, page.people_page),
    DataSet(firms.MAPPING, (firms.LABELLED, *firms.INVOICES), firms.run, page.firms_page),
)


def data_set_in(folder: Path) -> DataSet:
    """Return the data set whose files a folder holds; refuse DATA_FOLDER_UNKNOWN, DATA_FILE_MISSING."""
    for each in DATA_SETS:
        missing = [name for name in each.files if not folder.joinpath(name).is_file()]
        if not missing:
            return each
        if len(missing) < len(each.files):
            raise DATA_FILE_MISSING.refuse("data", name=each.name, folder=folder, missing=", ".join(missing))
    known = "; ".join(f"{each.name} ({', '.join(each.files)})" for each in DATA_SETS)
    raise DATA_FOLDER_UNKNOWN.refuse("data", folder=folder, known=known)


def run_files(folder: Path, teller: Teller) -> dict[str, Any]:
    """Do the main job on a folder of real files; return its figures, with `seconds` a step and the path of its page.

    Refuses what `data_set_in` and reading the files refuse.
    """
    chosen = data_set_in(folder)
    timed = Timed(teller)
    told = {**chosen.run(folder, timed), "seconds": timed.seconds}
    path = home().joinpath(FOLDER, f"{chosen.name}.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(chosen.page(told), encoding="utf-8")
    return {**told, "page": str(path)}
