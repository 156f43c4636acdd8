"""`puhui products`: the catalogue on the screen, one product, and the check with its exit codes."""

import json

import pytest
import yaml

from product_example import EXAMPLE, changed, shipped
from puhui.cli.app import run
from puhui.products.definition import CATALOGUE, catalogue


@pytest.fixture
def puhui(capsys, monkeypatch):
    """Run one command on 24 November 2026; return exit code, output, errors."""
    monkeypatch.setenv("PUHUI_TODAY", "2026-11-24")
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments):
        with pytest.raises(SystemExit) as stopped:
            run(["products", *map(str, arguments)])
        printed = capsys.readouterr()
        return stopped.value.code, printed.out, printed.err

    return call


def write(folder, name, data):
    path = folder.joinpath(f"{name}.yaml")
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_list_fits_eighty_columns_and_cuts_nothing(puhui, monkeypatch, language):
    monkeypatch.setenv("PUHUI_LANG", language)
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = puhui("list")
    assert code == 0
    assert "…" not in out
    for product in catalogue().values():
        assert product.id in out
    for figure in ("20,000–400,000", "5,000–10,000,000", "7.128%–16.2%", "10%–60%", "12–36"):
        assert figure in out
    assert all(len(line.rstrip()) <= 80 for line in out.splitlines())


def test_the_list_as_json(puhui):
    code, out, _ = puhui("list", "--json")
    listed = json.loads(out)
    assert code == 0
    assert [product["id"] for product in listed] == list(catalogue())
    new_car = next(product for product in listed if product["id"] == "auto_new")
    assert new_car["ranges"]["down_payment_ppm"] == {"min": 200_000, "max": 600_000}
    assert new_car["overrides"][1]["when"] == {"segments": ["new_driver"]}


def test_the_list_of_a_folder(puhui, tmp_path):
    write(tmp_path, "a", EXAMPLE)
    code, out, _ = puhui("list", "--products", tmp_path, "--json")
    assert (code, [product["id"] for product in json.loads(out)]) == (0, ["example"])


def test_one_product_in_full(puhui):
    code, out, _ = puhui("show", "farm_seasonal")
    assert code == 0
    for word in (
        "农户丰收贷",
        "5,000–300,000",
        "农村信用社",
        "土地承包经营权（评估还款能力）",
        "income_months [6, 10]",
        "黑龙江省",
    ):
        assert word in out.replace("\n          ", "")
    assert json.loads(puhui("show", "farm_seasonal", "--json")[1])["terms"]["interest_due"] == "with_principal"


def test_one_product_in_english(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    code, out, _ = puhui("show", "auto_new")
    assert code == 0
    for word in ("New-car loan", "1% of the principal prepaid, free after 12 instalments", "late 150%", "registry"):
        assert word in out


def test_a_file_can_be_shown(puhui, tmp_path):
    code, out, _ = puhui("show", write(tmp_path, "mine", EXAMPLE))
    assert code == 0
    assert "10,000–100,000" in out


def test_the_shipped_catalogue_passes(puhui):
    code, out, err = puhui("check")
    assert (code, err) == (0, "")
    assert out.count("✓") == len(catalogue()) + 1
    assert "9 个产品都可以销售" in out
    assert "FACILITATION.WHITELIST" in out


def test_an_illegal_product_fails_with_number_figure_limit_and_article(puhui, tmp_path):
    path = write(
        tmp_path, "used", changed(shipped("auto_used"), ("overrides", []), ("ranges.down_payment_ppm.min", 290_000))
    )
    code, out, _ = puhui("check", path, "receivable_finance")
    assert code == 1
    for word in ("AUTO.LTV.USED", "71%", "≤ 70%", "第 1 条", "首付 29%", "不可销售：auto_used", "✓ receivable_finance"):
        assert word in out


def test_an_illegal_product_as_json(puhui, tmp_path):
    path = write(
        tmp_path,
        "car",
        changed(shipped("auto_new"), ("overrides", []), ("ranges.instalments", {"min": 13, "max": 61, "step": 12})),
    )
    code, out, _ = puhui("check", path, "--json")
    answer = json.loads(out)
    (product,) = answer["products"]
    broken = [rule for rule in product["rules"] if rule["outcome"] == "broken"]
    assert (code, answer["ok"], product["ok"], product["as_of"]) == (1, False, False, "2026-11-24")
    assert [(rule["rule"], rule["figure"], rule["limit"], rule["unit"]) for rule in broken] == [
        ("AUTO.TENOR.NEW", 61, 60, "months")
    ]
    assert broken[0]["article"]
    assert "61" in broken[0]["example"]["en"]


def test_the_day_decides(puhui, tmp_path):
    path = write(
        tmp_path, "car", changed(shipped("auto_new"), ("overrides", []), ("practices.cost_table_shown", False))
    )
    assert puhui("check", path, "--as-of", "2026-07-31")[0] == 0
    code, out, _ = puhui("check", path, "--as-of", "2026-08-01")
    assert code == 1
    assert "COST.TABLE.PERSONAL" in out


def test_a_product_of_the_future_is_held_against_the_law_of_its_first_day(puhui, tmp_path):
    path = write(tmp_path, "later", changed(shipped("receivable_finance"), ("effective_from", "2027-01-01")))
    assert json.loads(puhui("check", path, "--json")[1])["products"][0]["as_of"] == "2027-01-01"
    code, out, _ = puhui("check", path, "--as-of", "2026-12-31")
    assert code == 0
    assert "不在产品有效期内" in out


def test_a_folder_is_checked_whole(puhui, tmp_path):
    for name in ("inventory_finance", "receivable_finance"):
        tmp_path.joinpath(f"{name}.yaml").write_bytes(CATALOGUE.joinpath(f"{name}.yaml").read_bytes())
    code, out, _ = puhui("check", tmp_path, "--json")
    assert code == 0
    assert [product["product"] for product in json.loads(out)["products"]] == [
        "inventory_finance",
        "receivable_finance",
    ]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("ranges.instalments.max", 0, ("bad.yaml", "ranges.instalments.max")),
        (
            "fees",
            [{"name": "费", "payee": "plattform", "collect": "each_instalment", "rate_ppm": 1}],
            ("fees.0.payee",),
        ),
        ("colour", "red", ("bad.yaml", "colour")),
    ],
)
def test_a_malformed_file_is_one_line_and_exit_2(puhui, tmp_path, path, value, words):
    code, out, err = puhui("check", write(tmp_path, "bad", changed(EXAMPLE, (path, value))))
    assert (code, out, err.count("\n")) == (2, "", 1)
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["check", "auto_old"], "PRODUCT_UNKNOWN"),
        (["show", "auto_old"], "PRODUCT_UNKNOWN"),
        (["check", "nowhere.yaml"], "INPUT_UNREADABLE"),
        (["check", "auto_new", "--as-of", "2026-02-30"], "--as-of"),
        (["list", "--products", "nowhere"], "INPUT_UNREADABLE"),
    ],
)
def test_what_is_not_there_is_refused(puhui, arguments, word):
    code, _, err = puhui(*arguments)
    assert code == 2
    assert word in err


def test_a_file_that_is_no_yaml_is_refused(puhui, tmp_path):
    path = tmp_path.joinpath("x.yaml")
    path.write_text("id: [", encoding="utf-8")
    code, _, err = puhui("check", path)
    assert code == 2
    assert "x.yaml" in err


def test_a_change_of_law_names_the_products_it_touches(tmp_path, capsys):
    dear = changed(shipped("personal_instalment"), ("ranges.annual_rate_ppm.max", 300_000), ("overrides", []))
    write(tmp_path, "dear", dear)
    days = ["--from", "2025-09-30", "--to", "2025-10-01"]
    with pytest.raises(SystemExit):
        run(["rules", "diff", *days, "--products", str(tmp_path), "--json"])
    touched = json.loads(capsys.readouterr().out)["touches"]
    moves = {
        (move["before"], move["after"])
        for item in touched
        for move in item["moved"]
        if item["name"] == "personal_instalment" and move["rule"] == "CAP.FACILITATION.24"
    }
    dear_offers = [
        item["offer"]
        for item in touched
        if {"rule": "CAP.FACILITATION.24", "before": None, "after": "broken"} in item["moved"]
    ]
    assert (None, "broken") in moves
    assert dear_offers
    assert all("年利率 30%" in offer for offer in dear_offers)


def test_the_published_schema(capsys):
    with pytest.raises(SystemExit) as stopped:
        run(["schema", "product"])
    schema = json.loads(capsys.readouterr().out)
    assert stopped.value.code == 0
    assert set(schema["required"]) >= {"id", "kind", "ranges", "tags", "lenders", "purposes", "penalty"}
