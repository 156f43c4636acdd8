"""`puhui import` as a person meets it; the data sets of others where they are at hand."""

import json

import polars as pl
import pytest
import yaml

from conftest import SHARED
from puhui.adapters.table_labelled import read_labelled
from puhui.cli import imports
from puhui.cli.app import app
from puhui.credit import events
from puhui.kernel.refusals import Refusal

if not any(command.name == "import" for command in app.registered_commands):
    imports.add_to(app)

DATA = SHARED / "data"
ROWS = ["编号,申请日期,月收入,职业,性别,违约"]
ROWS += [
    f"A{n},2024-{n % 12 + 1:02d}-15,{3000 + n * 7 % 900},{'农户' if n % 3 else '工薪'},{'男' if n % 2 else '女'},"
    f"{'是' if n % 7 == 0 else '否'}"
    for n in range(300)
]


def shared(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the data set is not here: {name}")
    return str(path)


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PUHUI_TODAY", "2026-06-30")
    return tmp_path


@pytest.fixture
def county(at_home):
    """A file in GB18030 as a county bank's system writes it."""
    path = at_home / "county.csv"
    path.write_bytes(
        "\r\n".join([*ROWS, "A1,2024-01-15,1,农户,女,否", "A999,2024-01-15,五千,农户,女,否", ""]).encode("gb18030")
    )
    return path


def test_suggest_then_import(county, at_home, puhui):
    code, draft, _ = puhui("import", str(county), "--suggest", "--label", "违约")
    assert code == 0
    assert '"性别": {"type": "category", "role": "protected"}' in draft
    mapping = at_home / "county.yaml"
    # The sample holds "五千" once: the draft takes it for missing. A person who reads it takes that out.
    assert '"missing": ["五千"]' in draft
    # So the id that comes twice is no id to the draft; a person who knows better says so.
    text = draft.replace(', "missing": ["五千"]', "")
    table = yaml.safe_load(text)["applications"]
    table["columns"].pop("编号")
    data = {"name": "county", "title": {"zh": "县域", "en": "County"}, "applications": {**table, "application": "编号"}}
    mapping.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    code, out, _ = puhui("import", str(county), "--mapping", str(mapping), "--report", str(at_home / "page.html"))
    assert code == 0
    assert "读入 302 行 = 写出 300 + 隔离 2" in out
    assert "id_twice" in out
    folder = at_home / "home" / "data" / "county"
    applications = pl.read_parquet(folder / "applications" / "*.parquet")
    assert applications.columns == ["application", "party", "applied_on", "label", "月收入", "职业"]
    assert applications["label"].sum() == 43
    # Protected attributes are kept apart from what decides.
    assert pl.read_parquet(folder / "parties" / "*.parquet").columns == ["party", "性别"]
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["account"]["rows_aside"] == 2
    assert "数据报告" in (at_home / "page.html").read_text(encoding="utf-8")


def test_json_accounts_for_every_row_and_drift(county, at_home, puhui):
    data = {
        "name": "county",
        "title": {"zh": "县域", "en": "County"},
        "applications": {"application": "编号", "columns": {"月收入": {"type": "number"}}},
    }
    mapping = at_home / "m.yaml"
    mapping.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    base = at_home / "base.csv"
    base.write_text("编号,月收入\n" + "\n".join(f"B{n},{n}" for n in range(500)), encoding="utf-8")
    code, out, _ = puhui("import", str(county), "--mapping", str(mapping), "--base", str(base), "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["rows_in"], report["rows_out"], report["rows_aside"]) == (302, 300, 2)
    assert report["files"][0]["reasons"] == {"id_twice": 1, "not_number": 1}
    assert report["files"][0]["left_out"] == ["申请日期", "职业", "性别", "违约"]
    assert report["report"]["moved"] == ["月收入"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--mapping", "nosuch"], "MAPPING_UNKNOWN"),
        (["--mapping", "gmsc"], "COLUMNS_MISSING"),
        (["--mapping", "cumcm2020c"], "FILE_NOT_MAPPED"),
        (["--mapping", "gmsc", "--max-size", "much"], "INPUT_INVALID"),
        (["--suggest", "--max-size", "1K"], "TABLE_TOO_LARGE"),
        (["--suggest", "--label", "nosuch"], "LABEL_MISSING"),
        (["--suggest", "--label", "月收入"], "LABEL_NOT_TWO"),
    ],
)
def test_refused_in_one_line(options, code, county, puhui):
    status, _, err = puhui("import", str(county), *options)
    assert status == 2
    assert code in err
    assert len(err.splitlines()) == 1


def test_an_import_of_nothing_but_bad_rows_is_no_success(at_home, puhui):
    path = at_home / "lgd.csv"
    path.write_text(
        "LTV,purpose1,lgd_time,event,Recovery_rate,y_logistic,lnrr,Y_probit\nx,0,0.5,1,1,1,1,1\n", encoding="utf-8"
    )
    status, out, _ = puhui("import", str(path), "--mapping", "lgd")
    assert status == 1
    assert "读入 1 行 = 写出 0 + 隔离 1" in out


def test_no_mapping_says_what_to_do(county, puhui):
    status, _, err = puhui("import", str(county))
    assert status == 2
    assert "--suggest" in err


def test_a_column_whose_values_tell_the_sex_is_no_feature(at_home, puhui):
    path = at_home / "t.csv"
    path.write_text("x,y\n男,1\n女,2\n", encoding="utf-8")
    data = {"name": "t", "title": {"zh": "试", "en": "test"}}
    data["applications"] = {"columns": {"x": {"type": "category"}, "y": {"type": "number"}}}
    (at_home / "m.yaml").write_text(json.dumps(data), encoding="utf-8")
    status, _, err = puhui("import", str(path), "--mapping", str(at_home / "m.yaml"))
    assert status == 2
    assert "FEATURE_FORBIDDEN" in err


def test_a_labelled_table_by_the_label_alone(county):
    table = read_labelled(county, label="违约")
    assert (table.frame.height, table.frame["label"].sum(), table.time) == (302, 43, "applied_on")
    assert list(table.features) == ["月收入", "职业"]
    assert table.protected == ("性别",)


def test_a_labelled_table_says_what_it_is_about(county):
    with pytest.raises(Refusal) as refused:
        read_labelled(county)
    assert refused.value.code == "NO_LABEL_SAID"


def test_a_labelled_table_of_only_bad_rows_is_refused(at_home):
    path = at_home / "lgd.csv"
    path.write_text("LTV,purpose1,lgd_time\nx,0,0.5\ny,1,0.2\n", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        read_labelled(path, "lgd")
    assert refused.value.code == "NO_ROWS"
    assert "not_number 2" in refused.value.message("en")


# --- data sets of others -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "file", "rows", "features", "bad"),
    [
        ("german", "german/german_named.csv", 1000, 18, 300),
        ("lending_club", "lending_club/lending_club.csv", 9857, 22, 517),
        ("tianchi_sample", "tianchi_sample/train_sample.csv", 999, 42, 205),
        ("homecredit_sample", "homecredit_sample/application_train.csv", 3794, 113, 295),
        ("ibm_ar", "ibm_ar/WA_Fn-UseC_-Accounts-Receivable.csv", 2466, 4, 877),
        ("cumcm2020c", "cumcm2020c/credit_history_enterprise_information.csv", 123, 24, 27),
    ],
)
def test_a_data_set_by_its_shipped_mapping(mapping, file, rows, features, bad):
    table = read_labelled(shared(file), mapping)
    assert (table.frame.height, len(table.features), table.frame["label"].sum()) == (rows, features, bad)


def test_losses_given_default_are_numbers():
    table = read_labelled(shared("lgd/lgd.csv"), "lgd")
    assert table.frame["label"].mean() == pytest.approx(0.22813, abs=1e-5)
    assert list(table.features) == ["LTV", "purpose1"]


def test_firms_with_and_without_a_label(at_home, puhui):
    files = [shared(f"cumcm2020c/{name}credit_history_enterprise_information.csv") for name in ("", "no_")]
    files.append(shared("cumcm2020c/123家_销项发票.parquet"))
    code, out, _ = puhui("import", *files, "--mapping", "cumcm2020c", "--json")
    assert code == 0
    assert [each["rows_in"] for each in json.loads(out)["files"]] == [123, 302, 162484]
    folder = at_home / "home" / "data" / "cumcm2020c"
    made = events.checked(pl.scan_parquet(folder / "events" / "*.parquet")).collect()
    source = pl.read_parquet(files[2])
    assert made["amount_minor"].sum() == (source["价税合计"] * 100).round(0).cast(pl.Int64).sum()
    assert (made["status"] == "void").sum() == source["发票状态"].str.contains("作废").sum()
    assert pl.read_parquet(folder / "parties" / "*.parquet")["party"].is_unique().all()


def test_takings_of_shops_are_events(at_home, puhui):
    code, out, _ = puhui("import", shared("rossmann/rossmann-sales.csv.gz"), "--mapping", "rossmann", "--json")
    assert code == 0
    assert json.loads(out)["rows_out"] == 91262
    made = events.checked(pl.scan_parquet(at_home / "home" / "data" / "rossmann" / "events" / "*.parquet")).collect()
    assert made["kind"].unique().to_list() == ["sale"]
