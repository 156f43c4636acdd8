"""`puhui doctor`: says what is there, what is missing, and exits 1 only for what is required."""

import json
from importlib import metadata

import pytest

from puhui.cli import doctor
from puhui.cli.app import run


@pytest.fixture
def puhui(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_TODAY", "2026-03-02")

    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            run(["doctor", *arguments])
        return done.value.code, capsys.readouterr().out

    return call


@pytest.fixture
def states(puhui):
    def call():
        code, out = puhui("--json")
        report = json.loads(out)
        assert code == (0 if report["ok"] else 1)
        assert report["ok"] == all(check["state"] != "missing" for check in report["checks"])
        assert len({check["name"] for check in report["checks"]}) == len(report["checks"])
        return {check["name"]: (check["state"], check["detail"]) for check in report["checks"]}

    return call


@pytest.fixture
def absent(monkeypatch):
    """Make packages look as if they were not installed, or of another version."""
    real = metadata.version

    def pretend(versions):
        def version(name):
            if name not in versions:
                return real(name)
            if versions[name] is None:
                raise metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(metadata, "version", version)

    return pretend


def test_a_whole_installation_is_ok(states, puhui):
    found = states()
    for name in ("python", "puhui", "numpy", "pydantic", "typer", "calendar", "places", "rulebook"):
        assert found[name][0] == "ok", found[name]
    assert found["calendar"][1].startswith("节假日与调休 2019-2026")
    assert found["places"][1] == "3348 个行政区划"
    assert found["database"][0] == found["chain"][0] == "later"
    code, out = puhui()
    assert code == 0
    assert "✓" in out
    assert out.endswith("可以使用。\n")


@pytest.mark.parametrize("version", [None, "1.0.3", "2.0.9"])
def test_a_required_package_missing_or_too_old_is_said_and_exits_1(states, puhui, absent, version):
    absent({"numpy": version})
    state, detail = states()["numpy"]
    assert state == "missing"
    assert "make setup" in detail
    assert version is None or version in detail
    code, out = puhui()
    assert code == 1
    assert "✗" in out
    assert "可以使用" not in out


@pytest.mark.parametrize("version", ["2.1", "2.1.0", "2.10.1", "3.0"])
def test_a_package_new_enough_is_ok(states, absent, version):
    absent({"numpy": version})
    assert states()["numpy"][0] == "ok"


def test_an_optional_package_missing_is_only_said(states, absent):
    absent({"pyxirr": None})
    state, detail = states()["extra bench"]
    assert state == "optional"
    assert "pyxirr" in detail
    assert "numpy-financial" not in detail


def test_puhui_itself_not_installed_is_said(states, monkeypatch):
    def requires(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert states()["puhui"][0] == "missing"


def test_an_old_python_is_said(states, monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (9, 0))
    assert states()["python"][0] == "missing"


@pytest.mark.parametrize(
    ("today", "state", "says"),
    [
        ("2019-01-01", "ok", "2027 年起的日期为暂定"),
        ("2026-12-31", "ok", "2027 年起的日期为暂定"),
        ("2027-01-01", "warning", "已过期"),
    ],
)
def test_a_calendar_out_of_date_is_a_warning(states, monkeypatch, today, state, says):
    monkeypatch.setenv("PUHUI_TODAY", today)
    found = states()
    assert found["calendar"][0] == state
    assert says in found["calendar"][1]
    assert found["today"][0] == "warning"  # a set clock is worth a look
    assert today in found["today"][1]


def test_the_real_date_is_ok(states, monkeypatch):
    monkeypatch.delenv("PUHUI_TODAY")
    assert states()["today"][0] == "ok"


def test_a_home_folder_not_yet_made_is_optional(states, monkeypatch, tmp_path):
    assert states()["home"] == ("ok", str(tmp_path))
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path / "later"))
    assert states()["home"][0] == "optional"


def test_a_wrong_list_of_tiers_is_missing_not_a_crash(states, tmp_path):
    (tmp_path / "tiers.csv").write_text("410323,9\n", encoding="utf-8")
    state, detail = states()["places"]
    assert state == "missing"
    assert "tiers.csv" in detail


def test_a_rulebook_that_cannot_be_read_is_missing_not_a_crash(states, monkeypatch):
    from puhui.kernel.refusals import INPUT_UNREADABLE
    from puhui.rulebook import loader

    def broken():
        raise INPUT_UNREADABLE.refuse(name="caps.yaml", problem="YAML")

    monkeypatch.setattr(loader, "default_rulebook", broken)
    state, detail = states()["rulebook"]
    assert state == "missing"
    assert "caps.yaml" in detail


def test_an_empty_rulebook_is_missing(states, monkeypatch, tmp_path):
    from puhui.rulebook import loader

    empty = loader.Rulebook({}, {}, {}, {})
    monkeypatch.setattr(loader, "default_rulebook", lambda: empty)
    assert states()["rulebook"][0] == "missing"


def test_english_is_spoken_when_asked(puhui, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    code, out = puhui()
    assert code == 0
    assert out.endswith("Ready.\n")


@pytest.mark.parametrize(
    ("line", "name", "bound", "extra"),
    [
        ("numpy>=2.1", "numpy", ">=2.1", None),
        ("pyyaml", "pyyaml", "", None),
        ("hatchling==1.33.0; extra == 'dev'", "hatchling", "==1.33.0", "dev"),
        ('ray[default]>=2.9 ; extra == "ray"', "ray", ">=2.9", "ray"),
        ("types-pyyaml; extra == 'dev'", "types-pyyaml", "", "dev"),
    ],
)
def test_a_requirement_is_taken_apart(line, name, bound, extra):
    assert doctor._parsed(line) == (name, bound, extra)
