"""Places: code, name, level, what lies in what, and the tier by the administrative rule or a lender's own list."""

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

import make_places
from conftest import SHARED
from puhui.kernel import places
from puhui.kernel.refusals import Refusal


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    return tmp_path


# code, full name, level, parent, tier
PLACES = [
    ("110000", "北京市", "province", None, 1),
    ("110100", "北京市市辖区", "city", "110000", 1),
    ("110101", "北京市东城区", "county", "110100", 1),
    ("310115", "上海市浦东新区", "county", "310100", 1),
    ("440100", "广东省广州市", "city", "440000", 1),
    ("440305", "广东省深圳市南山区", "county", "440300", 1),
    ("120000", "天津市", "province", None, 2),
    ("500101", "重庆市万州区", "county", "500100", 2),
    ("410100", "河南省郑州市", "city", "410000", 2),  # a provincial capital
    ("210200", "辽宁省大连市", "city", "210000", 2),  # planned apart
    ("330200", "浙江省宁波市", "city", "330000", 2),
    ("350200", "福建省厦门市", "city", "350000", 2),
    ("370200", "山东省青岛市", "city", "370000", 2),
    ("540100", "西藏自治区拉萨市", "city", "540000", 2),
    ("410300", "河南省洛阳市", "city", "410000", 3),
    ("410302", "河南省洛阳市老城区", "county", "410300", 3),
    ("320500", "江苏省苏州市", "city", "320000", 3),
    ("130672", "河北省保定市保定白沟新城", "county", "130600", 3),  # a zone
    ("130272", "河北省唐山市汉沽管理区", "county", "130200", 3),  # its name says its city
    ("620201", "甘肃省嘉峪关市", "county", "620200", 3),  # a city without districts
    ("441900", "广东省东莞市", "city", "440000", 3),
    ("140109", "山西省太原市万柏林区", "county", "140100", 2),  # a district, though it ends in 林区
    ("320583", "江苏省苏州市昆山市", "county", "320500", 4),  # a county-level city
    ("410181", "河南省郑州市巩义市", "county", "410100", 4),
    ("222400", "吉林省延边朝鲜族自治州", "city", "220000", 4),
    ("152571", "内蒙古自治区锡林郭勒盟乌拉盖管理区管委会", "county", "152500", 4),
    ("419001", "河南省济源市", "county", "419000", 4),
    ("410323", "河南省洛阳市新安县", "county", "410300", 5),
    ("410122", "河南省郑州市中牟县", "county", "410100", 5),
    ("500229", "重庆市城口县", "county", "500200", 5),
    ("150221", "内蒙古自治区包头市土默特右旗", "county", "150200", 5),
    ("429021", "湖北省神农架林区", "county", "429000", 5),
    ("520203", "贵州省六盘水市六枝特区", "county", "520200", 5),
    ("460321", "海南省三沙市西沙群岛", "county", "460300", 5),
    ("410000", "河南省", "province", None, None),
    ("419000", "河南省省直辖县级行政区划", "city", "410000", None),
    ("500200", "重庆市县", "city", "500000", None),
]


@pytest.mark.parametrize("row", PLACES, ids=lambda row: row[0])
def test_a_place_has_its_name_level_and_tier(row):
    code, full_name, level, parent, tier = row
    place = places.place(code)
    assert (place.code, place.level, place.parent, place.tier) == (code, level, parent, tier)
    assert full_name.endswith(place.name)
    assert places.full_name(code) == full_name


@pytest.mark.parametrize(
    "code",
    [
        "",
        "4",
        "041",
        "411",
        "41032",
        "4103231",
        "320571",
        "990000",
        "41o323",
        "４１０３２３",
        "410323 ",
        None,
        41,
    ],
)
def test_a_code_never_given_out_is_refused(code):
    for ask in (places.place, places.ancestors, places.full_name, lambda code: places.within(code, "41")):
        with pytest.raises(Refusal) as caught:
            ask(code)
        assert (caught.value.code, caught.value.status) == ("PLACE_UNKNOWN", 404)


def test_the_refusal_names_the_field_that_is_wrong():
    with pytest.raises(Refusal) as caught:
        places.place("990000", field="region")
    assert caught.value.fields == ("region",)
    with pytest.raises(Refusal) as caught:
        places.within("410323", "99")
    assert caught.value.fields == ("ancestor",)


@pytest.mark.parametrize(("short", "code"), [("41", "410000"), ("4103", "410300"), ("410323", "410323")])
def test_a_short_code_is_the_place_above(short, code):
    assert places.place(short).code == code


@pytest.mark.parametrize(
    ("code", "ancestor", "inside"),
    [
        ("410323", "410000", True),
        ("410323", "41", True),
        ("410323", "410300", True),
        ("410323", "410323", True),
        ("41", "410000", True),
        ("410300", "410323", False),
        ("410000", "410300", False),
        ("410323", "410400", False),
        ("410323", "42", False),
        ("410100", "410000", True),
        ("411000", "4101", False),  # 许昌 is not in 郑州, though the digits begin alike
        ("419001", "4190", True),
    ],
)
def test_a_place_lies_in_those_above_it(code, ancestor, inside):
    assert places.within(code, ancestor) is inside


def test_the_places_above_come_nearest_first():
    assert [place.code for place in places.ancestors("410323")] == ["410300", "410000"]
    assert places.ancestors("41") == ()


# words, the first places found
FOUND = [
    ("新安", ["410323"]),
    ("洛阳 新安", ["410323"]),
    ("410", []),
    ("", []),
    ("  ", []),
    ("没有这个地方", []),
    ("朝阳", ["110105", "211300", "211321", "220104"]),
    ("吉林 朝阳", ["220104"]),
    ("北京市 朝阳", ["110105"]),
    ("东莞", ["441900"]),
    ("巩义市", ["410181"]),
]


@pytest.mark.parametrize(("words", "codes"), FOUND)
def test_a_place_is_found_by_its_name(words, codes):
    assert [place.code for place in places.find(words)][: len(codes) or None] == codes


def test_an_exact_name_comes_before_one_that_begins_so():
    names = [place.name for place in places.find("吉林")]
    assert names[:2] == ["吉林省", "吉林市"]
    assert len(names) > 2
    middle = [place.name for place in places.find("安")]
    assert middle == sorted(middle, key=lambda name: (not re.fullmatch("安[省市区县]?", name), name[0] != "安"))


def test_the_data_is_whole():
    levels = Counter(places.place(code).level for code in places.codes())
    assert levels == {"province": 31, "city": 342, "county": 2975}
    assert places.codes() == sorted(set(places.codes()))
    tiers = Counter(places.place(code).tier for code in places.codes())
    assert tiers == {1: 58, 2: 308, 3: 1033, 4: 443, 5: 1474, None: 32}
    for code in places.codes():
        assert all(above.code in places.codes() for above in places.ancestors(code))


# a lender's own list over the rule: row, place, tier
OWN = "code,tier\n4103,2\n410323, 3\n33,4\n3302,1\n\n429021,4\n"
UNDER_OWN = [
    ("410300", 2),
    ("410302", 2),  # a district goes with its city
    ("410325", 2),  # a county too, when the list names only the city
    ("410323", 3),  # but its own row is nearer
    ("410400", 3),  # another city: by the rule
    ("330000", 4),
    ("330100", 4),
    ("330106", 4),
    ("330200", 1),
    ("330203", 1),
    ("429021", 4),
    ("110000", 1),
    ("410000", None),
]


@pytest.mark.parametrize(("code", "tier"), UNDER_OWN)
def test_a_lenders_own_tiers_hold_for_all_within(folder, code, tier):
    (folder / "tiers.csv").write_text(OWN, encoding="utf-8")
    assert places.place(code).tier == tier


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("code,tier\n410323,6\n", 2),
        ("410323,0\n", 1),
        ("410323,\n", 1),
        ("410323\n", 1),
        ("4103,3\n990000,3\n", 2),
        ("410323,2.5\n", 1),
        ("410323,3,x\n", 1),
        ("洛阳,3\n", 1),
        ("code,tier\n4103,3\n\ncode,tier\n", 4),
    ],
)
def test_a_wrong_line_of_the_own_list_is_refused(folder, text, line):
    (folder / "tiers.csv").write_text(text, encoding="utf-8-sig")
    with pytest.raises(Refusal) as caught:
        places.place("110000")
    assert caught.value.code == "TIERS_UNREADABLE"
    assert f", line {line} " in caught.value.message("en")
    assert "tiers.csv" in caught.value.message("zh")


def test_an_own_list_that_is_not_utf8_is_refused(folder):
    (folder / "tiers.csv").write_bytes("410323,4,新安\n".encode("gbk"))
    with pytest.raises(Refusal) as caught:
        places.place("110000")
    assert caught.value.code == "INPUT_UNREADABLE"
    assert "UTF-8" in caught.value.message("zh")


def test_thefolder_folder_is_in_the_working_folder_unless_named(monkeypatch, tmp_path):
    from puhui.kernel.home import home

    assert home() == tmp_path
    monkeypatch.setenv("PUHUI_HOME", "")
    assert home() == Path(".puhui")
    monkeypatch.delenv("PUHUI_HOME")
    assert home() == Path(".puhui")


def test_the_tool_makes_the_file_again_byte_for_byte(monkeypatch, tmp_path, capsys):
    source = SHARED / "data" / "china"
    if not source.exists():
        pytest.skip("the list of divisions is not here")
    again = tmp_path / "places.csv"
    monkeypatch.setattr(make_places, "TARGET", again)
    monkeypatch.setattr(make_places, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["make_places.py", str(source)])
    make_places.main()
    assert again.read_bytes() == places.PLACES.read_bytes()
    assert capsys.readouterr().out.startswith("3348 places")
