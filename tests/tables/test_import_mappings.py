"""Mappings: what may be written, what is refused by name; those that come with the program."""

import pytest

from puhui.credit.data.mapping import mapping_of, read_mapping, shipped, table_of
from puhui.credit.data.tidy import columns_needed
from puhui.kernel.refusals import Refusal

TITLE = {"zh": "试", "en": "test"}
NUMBER = {"type": "number"}


def mapping(columns=None, **table):
    return mapping_of({"name": "t", "title": TITLE, "applications": {"columns": columns or {"x": NUMBER}, **table}})


def refused(call, *arguments, **named):
    with pytest.raises(Refusal) as refusal:
        call(*arguments, **named)
    assert refusal.value.message("zh")
    return refusal.value.code, refusal.value.fields


@pytest.mark.parametrize(
    ("columns", "table", "code", "field"),
    [
        ({"x": {"type": "float"}}, {}, "INPUT_INVALID", "mapping.applications.columns.x.type"),
        ({"x": {"typo": 1}}, {}, "INPUT_INVALID", "mapping.applications.columns.x.typo"),
        ({"label": NUMBER}, {}, "MAPPING_INVALID", "applications.columns.label"),
        ({"x": NUMBER, "y": {**NUMBER, "as": "x"}}, {}, "MAPPING_INVALID", "applications.columns.y"),
        ({"CODE_GENDER": NUMBER}, {}, "FEATURE_FORBIDDEN", "CODE_GENDER"),
        ({"民族": {"type": "category"}}, {}, "FEATURE_FORBIDDEN", "民族"),
        ({"x": {**NUMBER, "as": "religion"}}, {}, "FEATURE_FORBIDDEN", "religion"),
        ({"y": NUMBER}, {"label": {"column": "y", "bad": [1]}}, "MAPPING_INVALID", "applications.label"),
        (None, {"label": {"column": "y"}}, "MAPPING_INVALID", "applications.label"),
        (None, {"label": {"column": "y", "bad": [1], "bad_above": 0}}, "MAPPING_INVALID", "applications.label"),
    ],
)
def test_what_no_mapping_may_say(columns, table, code, field):
    assert refused(mapping, columns, **table) == (code, (field,))


def test_a_protected_column_may_be_kept_but_is_no_feature():
    made = mapping({"sex": {"type": "category", "role": "protected"}, "x": {**NUMBER, "as": "income"}})
    assert list(made.features) == ["income"]
    assert columns_needed(made.applications) == ["sex", "x"]


def test_a_column_renamed_may_have_any_name_in_the_file():
    assert list(mapping({"label": {**NUMBER, "as": "label_given"}}).features) == ["label_given"]


@pytest.mark.parametrize(
    ("event", "ok"),
    [
        ({"kind": "sale"}, True),
        ({}, False),
        ({"kind": "sale", "kind_column": "k", "kinds": {"a": "sale"}}, False),
        ({"kind_column": "k"}, False),
        ({"kind_column": "k", "kinds": {"a": "sale"}}, True),
    ],
)
def test_events_have_one_kind_or_a_column_of_kinds(event, ok):
    whole = {"files": ["*"], "party": "p", "amount": "a", "at": {"column": "d"}, "source": "s", "consent": "credit"}
    data = {"name": "t", "title": TITLE, "events": [{**whole, **event}]}
    if ok:
        assert mapping_of(data).events[0].source == "s"
    else:
        assert refused(mapping_of, data) == ("MAPPING_INVALID", ("events.0",))


def test_a_mapping_of_nothing_is_refused():
    assert refused(mapping_of, {"name": "t", "title": TITLE})[0] == "MAPPING_INVALID"


def test_the_first_pattern_that_fits_says_what_a_file_is():
    made = read_mapping("cumcm2020c")
    assert table_of(made, "123家_进项发票.parquet").kind == "invoice_bought"
    assert table_of(made, "302家_销项发票.parquet").kind == "invoice_sold"
    assert table_of(made, "credit_history_enterprise_information.csv") is made.applications
    assert refused(table_of, made, "prices.xlsx")[0] == "FILE_NOT_MAPPED"
    # There is nothing to tell apart where there is one table.
    one = read_mapping("gmsc")
    assert table_of(one, "renamed.csv") is one.applications


def test_an_unknown_name_lists_the_known():
    with pytest.raises(Refusal) as refusal:
        read_mapping("gmcs")
    assert refusal.value.code == "MAPPING_UNKNOWN"
    assert "gmsc" in refusal.value.message("en")


@pytest.mark.parametrize("name", shipped())
def test_shipped_mappings_hold_together(name):
    made = read_mapping(name)
    assert made.name == name
    assert made.events or made.features
    # The label, and what is made of it, are nowhere among the features.
    if made.applications is not None and made.applications.label is not None:
        assert made.applications.label.column not in [
            key for key, column in made.applications.columns.items() if column.role == "feature"
        ]


def test_what_is_known_only_afterwards_is_no_feature():
    assert not {"DaysLate", "DaysToSettle", "SettledDate", "Disputed"} & set(read_mapping("ibm_ar").features)
    assert not {"Recovery_rate", "y_logistic", "lnrr", "Y_probit"} & set(read_mapping("lgd").features)
    assert "信誉评级" not in read_mapping("cumcm2020c").features
    assert not {"personal_status", "foreign_worker"} & set(read_mapping("german").features)
