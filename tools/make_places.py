"""Make src/puhui/kernel/data/places.csv: mainland China's divisions (GB/T 2260) with names and a market tier.

    python tools/make_places.py [FOLDER]

FOLDER (default ../shared/data/china beside the checkout) holds provinces.csv, cities.csv and areas.csv. The
same input gives the same file, byte for byte.

The tier is an administrative proxy, not a market study: nobody publishes an official list of tiers.

    1  Beijing, Shanghai, Guangzhou, Shenzhen, and their districts
    2  Tianjin, Chongqing, the provincial capitals, the cities planned apart (计划单列市), and their districts
    3  every other city of prefecture level, and its districts
    4  autonomous prefectures, prefectures and leagues with their districts; every county-level city
    5  counties, autonomous counties, banners, and the few other county-level units
    -  provinces, and the headings that only group units under a province: no tier, so no rule by tier fits
"""

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT.parent / "shared" / "data" / "china"
TARGET = ROOT / "src" / "puhui" / "kernel" / "data" / "places.csv"

TIER_OF_MUNICIPALITY = {"11": "1", "31": "1", "12": "2", "50": "2"}
FIRST_TIER_CITIES = {"4401": "广州市", "4403": "深圳市"}
PLANNED_APART = {"2102": "大连市", "3302": "宁波市", "3502": "厦门市", "3702": "青岛市"}
# A forestry area and a special area: county level, outside any city proper.
COUNTIES_CALLED_DISTRICT = {"429021": "神农架林区", "520203": "六枝特区"}
NO_TIER = ""


def tier_of_city(code: str, name: str) -> str:
    """Return the tier of a four-digit prefecture-level code."""
    if name.endswith("直辖县级行政区划"):
        return NO_TIER
    if code[:2] in TIER_OF_MUNICIPALITY:
        # 5002 groups Chongqing's counties; 1101, 1201, 3101, 5001 group a municipality's districts.
        return TIER_OF_MUNICIPALITY[code[:2]] if name == "市辖区" else NO_TIER
    if code in FIRST_TIER_CITIES:
        return "1"
    # Every provincial capital has the first city code of its province.
    if code.endswith("01") or code in PLANNED_APART:
        return "2"
    return "3" if name.endswith("市") else "4"


def tier_of_county(code: str, name: str, city_name: str, city_tier: str) -> str:
    """Return the tier of a six-digit county-level code under its city."""
    is_zone = "71" <= code[4:] <= "79"  # development zones, coded by the statistics bureau
    is_district = code not in COUNTIES_CALLED_DISTRICT and (name.endswith("区") or is_zone or name == city_name)
    if is_district and city_tier:
        return city_tier
    return "4" if name.endswith("市") else "5"


def rows(folder: Path) -> list[tuple[str, str, str]]:
    """Return (six-digit code, name, tier) of every division, in order of code."""
    provinces = _read(folder / "provinces.csv")
    cities = {row["code"]: row["name"] for row in _read(folder / "cities.csv")}
    found = [(row["code"] + "0000", row["name"], TIER_OF_MUNICIPALITY.get(row["code"], NO_TIER)) for row in provinces]
    tiers = {code: tier_of_city(code, name) for code, name in cities.items()}
    found += [(code + "00", name, tiers[code]) for code, name in cities.items()]
    for row in _read(folder / "areas.csv"):
        city = row["cityCode"]
        # Dongguan, Zhongshan and Danzhou have no districts; their one area repeats the city's own code.
        if row["code"] != city + "00":
            tier = tier_of_county(row["code"], row["name"], cities[city], tiers[city])
            found.append((row["code"], row["name"], tier))
    assert len({code for code, _, _ in found}) == len(found), "a code is there twice"
    return sorted(found)


def main() -> None:
    """Write places.csv from the folder named on the command line, or the default one."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    lines = ["code,name,tier", *(",".join(row) for row in rows(folder))]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} places -> {TARGET.relative_to(ROOT)}")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
