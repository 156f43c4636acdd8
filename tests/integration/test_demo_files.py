"""`puhui demo --data FOLDER` on made-up folders in the form of the real files: figures that agree, and pages."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from puhui.cli.app import run
from puhui.cli.demo_data import tell
from puhui.credit.profit import shipped_churn
from puhui.demo.files import firms, people
from puhui.demo.files.page import even_end
from real_file_example import LABELLED, OTHERS, write_firms, write_people


def said(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        run(list(arguments))
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_people(folder / "people")
    write_firms(folder / "firms")
    return folder


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    return tmp_path


def page_of(told):
    page = Path(told["page"]).read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    assert "<svg" in page
    return page


def reads_in_both_languages(told, capsys, chinese, english):
    """The terminal says it in the language of the person, and English has no Chinese in it."""
    for language, words in (("zh", chinese), ("en", english)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUHUI_LANG", language)
            tell(told)
        out = capsys.readouterr().out
        assert told["page"] in out
        assert [word for word in words if word not in out] == []
        assert language == "zh" or not re.search(r"[\u4e00-\u9fff]", out)


def test_people_are_decided_and_what_became_of_them_is_told(data, home, capsys):
    code, out, _ = said(capsys, "demo", "--data", str(data / "people"), "--json")
    told = json.loads(out)
    assert code == 0
    outcomes, every, split = told["outcomes"], told["all"], told["split"]
    assert every["rows"] == sum(each["rows"] for each in outcomes.values()) == split["test_rows"] == 450
    assert every["bad"] == sum(each["bad"] for each in outcomes.values()) == split["test_bad"]
    assert outcomes["approve"]["bad_rate"] < every["bad_rate"] < outcomes["decline"]["bad_rate"]
    for each in outcomes.values():
        assert each["bad_low"] <= each["bad_rate"] <= each["bad_high"]
        good = each["rows"] - each["bad"]
        assert each["value_minor"] == 1_000_000 * (good * 70_000 - each["bad"] * 600_000) // 1_000_000
    assert told["online"]["differ"] == 0
    assert {each["kind"] for each in told["models"]} == {"scorecard", "boosted_scorecard"}
    # Nobody whose income is not known is approved, and some are told so.
    incomplete = [each for each in told["reasons"] if each["code"] == "DATA_INCOMPLETE"]
    assert [each["outcome"] for each in incomplete] == ["refer"]
    assert "月收入" in incomplete[0]["text"]["zh"]
    cut_offs = told["cut_offs"]
    assert [each["rows"] for each in cut_offs] == sorted(each["rows"] for each in cut_offs)
    policy = next(each for each in cut_offs if each["cut_ppm"] == 100_000)
    assert policy["is_policy"]
    assert (policy["rows"], policy["bad"]) == (outcomes["approve"]["rows"], outcomes["approve"]["bad"])
    assert sum(line["approved"]["rows"] for line in told["fairness"]) == 450
    page = page_of(told)
    for words in ("批准者坏账率", "bad among them", "按年龄组的公平性", "← 当前政策"):
        assert words in page
    reads_in_both_languages(
        told, capsys, ("结果与真实表现", "转人工", "图表："), ("outcomes, and what", "referred", "<- the policy")
    )


def test_firms_are_priced_for_the_most_profit_under_one_budget(data, home, capsys):
    code, out, _ = said(capsys, "demo", "--data", str(data / "firms"), "--json")
    told = json.loads(out)
    assert code == 0
    assert told["firms"] == LABELLED + OTHERS
    assert told["labelled"]["firms"] == told["worth"]["rows"] == LABELLED
    assert told["worth"]["way"] == "leave_one_out"
    assert told["worth"]["auc_low"] <= told["worth"]["auc"] <= told["worth"]["auc_high"]
    decided = {each["party"]: each for each in told["decided"]}
    assert len(decided) == OTHERS
    assert Counter(each["outcome"] for each in decided.values()) == +Counter(told["outcomes"])
    profit = told["profit"]
    ways = [profit[way]["profit_minor"] for way in ("best", "flat", "even")]
    assert profit["bound_minor"] >= ways[0] > ways[1] > ways[2]
    assert profit["gain_minor"] == ways[0] - ways[1]
    offers = told["offers"]
    assert sum(each["amount_minor"] for each in offers) == profit["best"]["used_minor"] <= profit["budget_minor"]
    assert sum(each["profit_minor"] for each in offers) == pytest.approx(ways[0], abs=len(offers))
    assert offers
    for each in offers:
        assert profit["lowest_minor"] <= each["amount_minor"] <= profit["highest_minor"]
        assert each["rate_ppm"] in shipped_churn().rates_ppm
        assert decided[each["firm"]]["outcome"] != "decline"
        assert decided[each["firm"]]["grade"] == each["grade"] in ("A", "B", "C")
    page = page_of(told)
    for words in ("期望年利润", "expected profit a year", "样本很小", "转人工的企业，须先由人批准"):
        assert words in page
    reads_in_both_languages(told, capsys, ("逐户定价定额", "样本很小"), ("rate and limit for each", "a small sample"))


@pytest.mark.parametrize(
    ("missing", "code", "words"),
    [
        (None, "DATA_FOLDER_UNKNOWN", ("gmsc", "cs-training.csv.zip", "cumcm2020c")),
        (firms.INVOICES[2], "DATA_FILE_MISSING", ("cumcm2020c", firms.INVOICES[2])),
    ],
)
def test_a_folder_that_is_not_known_or_not_whole_is_refused(home, tmp_path, capsys, missing, code, words):
    folder = tmp_path / "somewhere"
    for name in (firms.LABELLED, *firms.INVOICES) if missing else ():
        folder.mkdir(exist_ok=True)
        if name != missing:
            (folder / name).write_bytes(b"")
    exit_code, out, err = said(capsys, "demo", "--data", str(folder))
    assert exit_code == 2
    assert code in err
    assert all(word in err for word in words)
    assert "Traceback" not in err
    assert out == ""


def test_a_damaged_file_is_refused_and_leaves_no_page(home, tmp_path, capsys):
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / people.FILE).write_bytes(b"not a zip")
    code, _, err = said(capsys, "demo", "--data", str(folder))
    assert (code, "TABLE_WRONG_FORMAT" in err) == (2, True)
    assert not (home / "demo").exists()


@pytest.mark.parametrize(("most", "end"), [(0.0, 0.02), (0.02, 0.02), (0.021, 0.04), (0.81, 1.0), (1.0, 1.0)])
def test_an_axis_ends_at_an_even_figure(most, end):
    assert even_end(most) == end
