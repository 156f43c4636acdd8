"""Places of mainland China by their GB/T 2260 code: province, city, county; each with a market tier.

The tiers in `data/places.csv` are an administrative proxy (see tools/make_places.py). A lender with a better
list puts `tiers.csv` (code,tier) into its home folder: a row there holds for the place and for all within it
that has no row of its own.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from puhui.kernel.home import home
from puhui.kernel.refusals import INPUT_UNREADABLE, declare

Level = Literal["province", "city", "county"]

PLACES = Path(__file__).parent / "data" / "places.csv"
TIERS_FILE = "tiers.csv"
PLACE_UNKNOWN = declare(
    "PLACE_UNKNOWN",
    404,
    "{field} 不是已知的行政区划代码：{value}。用 puhui places find 名称 查找代码。",
    "{field} is not a known place code: {value}. Look it up with: puhui places find NAME.",
)
TIERS_UNREADABLE = declare(
    "TIERS_UNREADABLE",
    422,
    "{name} 第 {line} 行有误：{value}。每行写作“代码,层级”，层级为 1 至 5。",
    "{name}, line {line} is wrong: {value}. Write one code,tier a line, the tier from 1 to 5.",
)

_CODE = re.compile("[1-9][0-9]([0-9]{2}){0,2}", re.ASCII)
# City codes that only group what a municipality or a province rules directly; nobody says them in an address.
_HEADINGS = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}


@dataclass(frozen=True, slots=True)
class Place:
    """One division. `code` has six digits; `parent` is the code one level up; `tier` is 1..5, or None.

    None belongs to provinces and group headings: no tier fits them, so a rule by tier never matches them.
    """

    code: str
    name: str
    level: Level
    parent: str | None
    tier: int | None


def place(code: str, field: str = "code") -> Place:
    """Return the place of a code of two, four or six digits; refuse PLACE_UNKNOWN.

    >>> place("410323")
    Place(code='410323', name='新安县', level='county', parent='410300', tier=5)
    """
    full = _known(code, field)
    name, tier = _rows(home())[full]
    return Place(full, name, _level(full), _parent(full), tier)


def codes() -> list[str]:
    """Return every six-digit code, in order."""
    return list(_rows(home()))


def ancestors(code: str) -> tuple[Place, ...]:
    """Return the places above, the nearest first: the city and the province of a county.

    >>> [above.name for above in ancestors("410323")]
    ['洛阳市', '河南省']
    """
    above: list[Place] = []
    parent = place(code).parent
    while parent is not None:
        above.append(place(parent))
        parent = above[-1].parent
    return tuple(above)


def within(code: str, ancestor: str) -> bool:
    """Return whether a place is `ancestor` or lies in it; refuse PLACE_UNKNOWN for either.

    >>> within("410323", "41"), within("410323", "4103"), within("41", "410323")
    (True, True, False)
    """
    return _known(code, "code").startswith(_stem(_known(ancestor, "ancestor")))


def full_name(code: str) -> str:
    """Return the name as in an address, from the province down, without group headings.

    >>> full_name("410323"), full_name("110101")
    ('河南省洛阳市新安县', '北京市东城区')
    """
    whole = place(code).name
    for above in ancestors(code):
        # Some names say their city themselves: 唐山市汉沽管理区.
        if above.name not in _HEADINGS and not whole.startswith(above.name):
            whole = above.name + whole
    return whole


def find(words: str) -> list[Place]:
    """Return the places whose name has the last of the `words`, and whose full name has them all.

    An exact name comes first, then names that begin so, then the rest; each in order of code.

    >>> [full_name(found.code) for found in find("河南 新安")]
    ['河南省洛阳市新安县']
    """
    wanted = words.split()
    if not wanted:
        return []
    *context, last = wanted
    hits = [code for code, (name, _) in _rows(home()).items() if last in name]
    hits = [code for code in hits if all(word in full_name(code) for word in context)]
    found = [place(code) for code in hits]
    return sorted(found, key=lambda hit: (_distance(hit.name, last), hit.code))


def _distance(name: str, word: str) -> int:
    bare = name.removesuffix("省").removesuffix("市").removesuffix("区").removesuffix("县")
    if word in (name, bare):
        return 0
    return 1 if name.startswith(word) else 2


def _known(code: str, field: str) -> str:
    full = code.ljust(6, "0") if isinstance(code, str) and _CODE.fullmatch(code) else ""
    if full not in _rows(home()):
        raise PLACE_UNKNOWN.refuse(field, value=repr(code)[:40])
    return full


def _level(code: str) -> Level:
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"


def _stem(code: str) -> str:
    return code.removesuffix("00").removesuffix("00")


def _parent(code: str) -> str | None:
    if code.endswith("0000"):
        return None
    return code[:2] + "0000" if code.endswith("00") else code[:4] + "00"


@cache
def _rows(folder: Path) -> dict[str, tuple[str, int | None]]:
    """The name and tier of every code, the folder's own tiers laid over the shipped ones."""
    lines = PLACES.read_text(encoding="utf-8").splitlines()[1:]
    fields = (line.split(",") for line in lines)
    rows = {code: (name, int(tier) if tier else None) for code, name, tier in fields}
    own = _own_tiers(folder.joinpath(TIERS_FILE), rows)
    if own:
        for code, (name, tier) in rows.items():
            rows[code] = (
                name,
                own.get(code) or own.get(code[:4] + "00") or own.get(code[:2] + "0000") or tier,
            )
    return rows


def _own_tiers(path: Path, known: dict[str, tuple[str, int | None]]) -> dict[str, int]:
    if not path.is_file():
        return {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem="UTF-8") from None
    tiers = {}
    for line, text in enumerate(lines, start=1):
        if not text.strip() or (line == 1 and text.startswith("code")):
            continue
        code, _, tier = (part.strip() for part in text.partition(","))
        full = code.ljust(6, "0")
        if full not in known or tier not in {"1", "2", "3", "4", "5"}:
            raise TIERS_UNREADABLE.refuse("tiers", name=str(path), line=line, value=text.strip()[:40])
        tiers[full] = int(tier)
    return tiers
