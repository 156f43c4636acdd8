"""The expected no, in two languages: its code, its status, the field it names; and the edge that says it."""

import importlib
import pkgutil
import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

import puhui
from puhui.kernel import refusals
from puhui.kernel.inputs import Record, one_of, parse, read_json
from puhui.kernel.language import Text, spoken
from puhui.kernel.refusals import INPUT_INVALID, Refusal, RefusalKind

VARIABLES = ("PUHUI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "zh"),
        ({"PUHUI_LANG": "en"}, "en"),
        ({"PUHUI_LANG": "zh"}, "zh"),
        ({"PUHUI_LANG": "EN_GB"}, "en"),
        ({"PUHUI_LANG": "", "LANG": "en_US.UTF-8"}, "en"),
        ({"PUHUI_LANG": "zh", "LANG": "en_US.UTF-8"}, "zh"),
        ({"PUHUI_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LC_ALL": "C", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "fr_FR.UTF-8"}, "zh"),
    ],
)
def test_chinese_is_spoken_unless_english_is_asked_for(monkeypatch, environment, language):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert spoken() == language
    assert Text("普惠", "Puhui").say() == {"zh": "普惠", "en": "Puhui"}[language]


def test_a_text_speaks_the_language_it_is_told():
    assert (Text("是", "yes").say("zh"), Text("是", "yes").say("en")) == ("是", "yes")


def test_a_refusal_carries_its_code_status_fields_and_both_sentences():
    kind = RefusalKind("ROW_WRONG", 409, Text("{field}：{what}", "{field}: {what}"))
    refusal = kind.refuse("terms.rate_ppm", "terms.count", what=Text("太高", "too high"))
    assert refusal.as_dict() == {
        "code": "ROW_WRONG",
        "status": 409,
        "fields": ["terms.rate_ppm", "terms.count"],
        "message": {"zh": "terms.rate_ppm, terms.count：太高", "en": "terms.rate_ppm, terms.count: too high"},
    }
    assert str(refusal) == refusal.message("en")
    assert refusal.message("zh").endswith("太高")


def test_braces_in_what_a_person_typed_stay_as_they_are():
    assert "{value}" in INPUT_INVALID.refuse("$", problem="{value} {0}").message("en")


def test_a_code_is_declared_once():
    with pytest.raises(AssertionError, match="INPUT_INVALID"):
        refusals.declare("INPUT_INVALID", 422, "输入有误", "The input is wrong")


def test_every_refusal_has_a_code_a_status_and_the_same_blanks_in_both_languages():
    for module in pkgutil.walk_packages(puhui.__path__, "puhui."):
        if module.name.startswith("puhui.kernel"):
            importlib.import_module(module.name)
    assert {"MONEY_UNREADABLE", "PLACE_UNKNOWN", "ID_UNREADABLE"} <= refusals.KINDS.keys()
    for code, kind in refusals.KINDS.items():
        assert re.fullmatch("[A-Z]+(_[A-Z]+)*", code)
        assert 400 <= kind.status <= 503
        assert kind.text.zh
        assert kind.text.en
        blanks = [set(re.findall(r"{\w+}", text)) for text in kind.text]
        assert blanks[0] == blanks[1], code


class Colour(StrEnum):
    RED = "red"


class Inner(Record):
    count: Annotated[int, Field(ge=1, le=3)] = 1


class Form(Record):
    whole: int = 0
    positive: Annotated[int, Field(gt=0, lt=10)] = 1
    text: Annotated[str, Field(min_length=1)] = "x"
    yes: bool = True
    on: date = date(2024, 1, 1)
    rule: Literal["up", "down"] = "up"
    colour: Colour = Colour.RED
    few: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] = (1,)
    listed: list[int] = Field(default_factory=list)
    mapped: dict[str, int] = Field(default_factory=dict)
    inner: Inner = Inner()


class Needed(Record):
    amount_minor: int


# what was given, the field named, what the English sentence says
WRONG = [
    ({"whole": 1.5}, "whole", "whole number"),
    ({"whole": 1.0}, "whole", "whole number"),
    ({"whole": "1"}, "whole", "whole number"),
    ({"whole": True}, "whole", "whole number"),
    ({"whole": None}, "whole", "whole number"),
    ({"positive": 0}, "positive", "more than 0"),
    ({"positive": 10}, "positive", "less than 10"),
    ({"text": ""}, "text", "not be empty"),
    ({"text": 5}, "text", "must be text"),
    ({"yes": 1}, "yes", "true or false"),
    ({"yes": "true"}, "yes", "true or false"),
    ({"on": "2023-02-29"}, "on", "YYYY-MM-DD"),
    ({"on": "29/02/2024"}, "on", "YYYY-MM-DD"),
    ({"on": 20240229}, "on", "YYYY-MM-DD"),
    ({"rule": "sideways"}, "rule", "'up' or 'down'"),
    ({"colour": "blue"}, "colour", "one of"),
    ({"few": []}, "few", "at least 1"),
    ({"few": [1, 2, 3]}, "few", "at most 2"),
    ({"few": 5}, "few", "must be a list"),
    ({"listed": "x"}, "listed", "must be a list"),
    ({"listed": [1, "x"]}, "listed.1", "whole number"),
    ({"mapped": 1}, "mapped", "must be an object"),
    ({"inner": 1}, "inner", "must be an object"),
    ({"inner": {"count": 0}}, "inner.count", "at least 1"),
    ({"inner": {"count": 4}}, "inner.count", "at most 3"),
    ({"inner": {"sum": 4}}, "inner.sum", "not a known field"),
    ({"ammount": 1}, "ammount", "not a known field"),
]


@pytest.mark.parametrize(("given", "field", "says"), WRONG)
def test_a_wrong_field_is_refused_by_name_in_a_sentence_of_our_own(given, field, says):
    with pytest.raises(Refusal) as caught:
        parse(Form, given)
    assert (caught.value.code, caught.value.status, caught.value.fields) == ("INPUT_INVALID", 422, (field,))
    assert f"{field} " in caught.value.message("en")
    assert says in caught.value.message("en")
    assert re.search("[一-龥]", caught.value.message("zh"))
    assert "不合要求" not in caught.value.message("zh")


def test_every_wrong_field_is_named_at_once_under_where_it_stands():
    with pytest.raises(Refusal) as caught:
        parse(Form, {"whole": "x", "inner": {"count": 0}, "extra": 1}, where="terms")
    assert caught.value.fields == ("terms.whole", "terms.inner.count", "terms.extra")


@pytest.mark.parametrize("given", [{}, {"amount": 1}])
def test_a_missing_field_is_never_a_default(given):
    with pytest.raises(Refusal) as caught:
        parse(Needed, given)
    assert "amount_minor" in caught.value.fields


@pytest.mark.parametrize("given", [[], "x", 5, None, True])
def test_what_is_no_object_is_refused(given):
    with pytest.raises(Refusal) as caught:
        parse(Form, given)
    assert (caught.value.code, caught.value.fields) == ("INPUT_INVALID", ("$",))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(Refusal) as caught:
        parse(Form, {"whole": value})
    assert caught.value.code == "INPUT_INVALID"


def test_a_right_form_is_read_and_cannot_be_changed():
    form = parse(Form, {"on": "2024-02-29", "few": [1, 2], "inner": {"count": 3}, "colour": "red"})
    assert (form.on, form.few, form.inner.count, form.colour) == (date(2024, 2, 29), (1, 2), 3, Colour.RED)
    assert parse(Form, {"on": date(2024, 2, 29)}).on == date(2024, 2, 29)
    with pytest.raises(ValueError, match="frozen"):
        form.whole = 5


class Picky(Record):
    whole: int

    @model_validator(mode="after")
    def _even(self):
        if self.whole % 2:
            raise refusals.INPUT_UNREADABLE.refuse("whole", name="whole", problem="odd")
        return self


def test_a_refusal_raised_inside_a_record_passes_through():
    assert parse(Picky, {"whole": 2}).whole == 2
    with pytest.raises(Refusal) as caught:
        parse(Picky, {"whole": 3})
    assert (caught.value.code, caught.value.fields) == ("INPUT_UNREADABLE", ("whole",))


def test_a_name_is_one_of_the_known():
    one_of("method", "flat", ["flat", "bullet"])
    with pytest.raises(Refusal) as caught:
        one_of("method", "falt", ["flat", "bullet"])
    assert caught.value.fields == ("method",)
    assert caught.value.message("en").endswith("method must be one of: flat, bullet")


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "[" * 100_000, "NaNN"])
def test_text_that_is_not_json_is_refused(text):
    with pytest.raises(Refusal) as caught:
        read_json("-", text)
    assert (caught.value.code, caught.value.status) == ("INPUT_UNREADABLE", 400)


def test_a_file_is_read_or_refused(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"名": 1}', encoding="utf-8")
    bad.write_bytes(b"\xff\xfe{}")
    assert read_json(good) == {"名": 1}
    for path in (bad, tmp_path / "absent.json", tmp_path):
        with pytest.raises(Refusal) as caught:
            read_json(path)
        assert caught.value.code == "INPUT_UNREADABLE"
        assert path.name in caught.value.message()
