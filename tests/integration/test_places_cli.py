"""`puhui places`, as a person and as a program use it."""

import json

import pytest

from puhui.cli.app import run


@pytest.fixture
def puhui(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            run(list(arguments))
        printed = capsys.readouterr()
        return done.value.code, printed.out, printed.err

    return call


def test_a_place_is_found_by_name(puhui):
    code, out, _ = puhui("places", "find", "洛阳", "新安")
    assert code == 0
    assert "410323" in out
    assert "河南省洛阳市新安县" in out
    assert "县级" in out


def test_a_program_reads_what_is_found(puhui):
    code, out, _ = puhui("places", "find", "朝阳", "--tier", "1", "--json")
    assert code == 0
    assert json.loads(out) == [
        {"code": "110105", "name": "朝阳区", "full_name": "北京市朝阳区", "level": "county", "tier": 1}
    ]


def test_a_place_is_shown_with_those_above_it(puhui):
    code, out, _ = puhui("places", "show", "410323", "--json")
    assert code == 0
    assert json.loads(out) == {
        "code": "410323",
        "name": "新安县",
        "full_name": "河南省洛阳市新安县",
        "level": "county",
        "tier": 5,
        "parent": "410300",
        "ancestors": [{"code": "410300", "name": "洛阳市"}, {"code": "410000", "name": "河南省"}],
    }
    code, out, _ = puhui("places", "show", "41")
    assert code == 0
    assert "河南省" in out
    assert "–" in out  # a province has no tier


def test_a_long_list_is_cut_for_a_person_not_for_a_program(puhui):
    _, out, _ = puhui("places", "find", "县")
    assert out.count("\n") < 60
    assert "另有" in out
    _, out, _ = puhui("places", "find", "县", "--json")
    assert len(json.loads(out)) > 1000


def test_nothing_found_is_no_error(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    assert puhui("places", "find", "Atlantis") == (
        0,
        "Nothing found. Try a part of the name, in Chinese.\n",
        "",
    )
    assert puhui("places", "find", "Atlantis", "--json") == (0, "[]\n", "")


@pytest.mark.parametrize("code", ["320571", "4", "河南"])
def test_an_unknown_code_is_one_line_and_exit_2(puhui, code):
    done, out, err = puhui("places", "show", code, "--json")
    assert (done, out) == (2, "")
    assert err.count("\n") == 1
    assert "PLACE_UNKNOWN" in err
    assert code in err


@pytest.mark.parametrize("arguments", [("find",), ("show",), ("find", "新安", "--tier", "6"), ("sow", "41")])
def test_a_wrong_call_is_one_line_and_exit_2(puhui, arguments):
    done, out, err = puhui("places", *arguments)
    assert (done, out, err.count("\n")) == (2, "", 1)
