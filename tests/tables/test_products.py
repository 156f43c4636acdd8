"""Product definitions: what is refused when read, what a place and a segment change, what one loan may have."""

from datetime import date

import pytest

from product_example import EXAMPLE, GONE, changed, example, limits
from puhui.kernel.refusals import Refusal
from puhui.products.definition import (
    CATALOGUE,
    catalogue,
    lent_minor,
    load_products,
    product_of,
    product_schema,
    read_product,
    resolve,
    terms_for,
)
from puhui.products.definition_fields import FixedTerms
from puhui.products.schedule import schedule
from puhui.products.terms import Terms, read_terms

FARMERS = {"when": {"segments": ["farmer"]}, "set": {}}

# path, value put there, the field that the refusal names
WRONG = [
    ("colour", "red", "colour"),
    ("version", 0, "version"),
    ("id", "Auto New", "id"),
    ("title.en", GONE, "title.en"),
    ("line", "housing", "line"),
    ("kind", "annuty", "kind"),
    ("effective_from", "2026-02-30", "effective_from"),
    ("effective_to", "2019-12-31", "effective_to"),
    ("ranges.amount_minor", limits(2, 1), "ranges.amount_minor.min"),
    ("ranges.amount_minor", limits(0, 1), "ranges.amount_minor.min"),
    ("ranges.amount_minor.min", 1.5, "ranges.amount_minor.min"),
    ("ranges.instalments", limits(24, 12), "ranges.instalments.min"),
    ("ranges.instalments", limits(12, 25, step=6), "ranges.instalments.step"),
    ("ranges.annual_rate_ppm", limits(60_000, 59_999), "ranges.annual_rate_ppm.min"),
    ("ranges.annual_rate_ppm.max", 3_000_001, "ranges.annual_rate_ppm.max"),
    ("ranges.down_payment_ppm", limits(0, 1_000_000), "ranges.down_payment_ppm.max"),
    ("terms.balloon_minor", 5, "terms.balloon_minor"),
    ("terms.income_months", [9], "terms.income_months"),
    ("terms.day_count", GONE, "terms.day_count"),
    ("kind", "seasonal", "terms.income_months"),
    ("loan_terms", ["movements"], "loan_terms"),
    ("loan_terms", ["first_due_on"], "loan_terms.0"),
    ("tags", ["personal_consumer", "consumer"], "tags.1"),
    ("tags", [], "tags"),
    ("lenders", ["bnak"], "lenders.0"),
    ("lenders", [], "lenders"),
    ("regions", ["419999"], "regions"),
    ("regions", ["4"], "regions.0"),
    ("tiers", [6], "tiers.0"),
    ("segments", ["farmers"], "segments.0"),
    ("purposes", ["gambling"], "purposes.0"),
    ("required_data", [{"data": "identity"}], "required_data.0.purpose"),
    ("consents", ["curiosity"], "consents.0"),
    ("practices.apr_shown", True, "practices.apr_shown"),
    ("practices.apr_method", "GUESS", "practices.apr_method"),
    ("practices.apr_displayed", "yes", "practices.apr_displayed"),
    ("practices.irr_x12_ppm", 1, "practices.irr_x12_ppm"),
    ("practices.borrower_total_minor", 1, "practices.borrower_total_minor"),
    ("fees", [{"name": "费", "payee": "plattform", "collect": "each_instalment", "rate_ppm": 1}], "fees.0.payee"),
    ("fees", [{"name": "费", "collect": "on_date", "rate_ppm": 1}], "fees.0.collect"),
    ("fees", [{"name": "费", "collect": "each_instalment"}], "fees.amount_minor"),
    ("penalty", GONE, "penalty"),
    ("overrides", [{"when": {}, "set": {}}], "overrides.0.when"),
    ("overrides", [{"when": {"regions": ["419999"]}, "set": {}}], "overrides.0.when.regions"),
    ("overrides", [FARMERS, {"when": {"segments": ["farmer"]}, "set": {"id": "x"}}], "overrides.1.set.id"),
    (
        "overrides",
        [{"when": {"tiers": [5]}, "set": {"ranges": {"amount_minor": {"max": 999_999}}}}],
        "overrides.0.set.ranges.amount_minor.min",
    ),
    (
        "overrides",
        [{"when": {"tiers": [5]}, "set": {"ranges": {"amount_minor": {"step": 1}}}}],
        "overrides.0.set.ranges.amount_minor.step",
    ),
    ("overrides", [{"when": {"tiers": [5]}, "set": {"kind": "seasonal"}}], "overrides.0.set.terms.income_months"),
]


@pytest.mark.parametrize(("path", "value", "field"), WRONG)
def test_a_wrong_definition_is_refused_naming_file_and_field(path, value, field):
    with pytest.raises(Refusal) as refused:
        read_product(changed(EXAMPLE, (path, value)), "example.yaml")
    assert refused.value.code == "PRODUCT_INVALID"
    assert refused.value.fields == (field,)
    for language in ("zh", "en"):
        said = refused.value.message(language)
        assert "example.yaml" in said
        assert field.split(".")[-1] in said


@pytest.mark.parametrize(
    ("served", "when"),
    [
        ({"segments": ["farmer"]}, {"segments": ["driver"]}),
        ({"tiers": [4, 5]}, {"tiers": [1]}),
        ({"regions": ["41"]}, {"regions": ["230000"]}),
    ],
)
def test_an_override_that_could_never_apply_is_refused(served, when):
    override = {"when": when, "set": {"kind": "bullet"}}
    with pytest.raises(Refusal) as refused:
        read_product(changed(EXAMPLE, *served.items(), ("overrides", [override])), "x.yaml")
    assert refused.value.fields == (f"overrides.0.when.{next(iter(when))}",)


def test_an_override_inside_a_served_region_or_around_it_is_kept():
    for code in ("410000", "411600", "411602"):
        override = {"when": {"regions": [code]}, "set": {"kind": "equal_principal"}}
        assert resolve(example(("regions", ["4116"]), ("overrides", [override])), "411602").kind == "equal_principal"


def test_something_that_is_no_mapping_is_refused():
    with pytest.raises(Refusal, match=r"x\.yaml"):
        read_product(["a list"], "x.yaml")


def test_an_id_is_used_once_in_a_folder(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        tmp_path.joinpath(name).write_bytes((CATALOGUE / "auto_nev.yaml").read_bytes())
    with pytest.raises(Refusal) as refused:
        load_products(tmp_path)
    assert (refused.value.code, refused.value.fields) == ("PRODUCT_INVALID", ("id",))
    assert "b.yaml" in refused.value.message("en")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(Refusal) as refused:
        load_products(tmp_path)
    assert refused.value.code == "INPUT_UNREADABLE"


def test_fixed_terms_are_fields_of_terms_with_the_same_bounds():
    ours, theirs = FixedTerms.model_json_schema(), Terms.model_json_schema()
    for name, schema in ours["properties"].items():
        assert schema == theirs["properties"][name], name


def test_the_schema_lists_what_may_be_written():
    properties = product_schema()["properties"]
    assert "seasonal" in properties["kind"]["enum"]
    assert "auto_used" in properties["tags"]["items"]["enum"]
    assert properties["lenders"]["minItems"] == 1
    assert product_schema()["additionalProperties"] is False


# --- overrides --------------------------------------------------------------------------------------

LAYERED = (
    ("segments", ["farmer", "wage_earner", "shopkeeper"]),
    (
        "overrides",
        [
            {"when": {"regions": ["41"]}, "set": {"ranges": {"amount_minor": {"max": 5_000_000}}}},
            {"when": {"regions": ["411600"]}, "set": {"ranges": {"amount_minor": {"max": 4_000_000}}}},
            {"when": {"tiers": [5], "segments": ["farmer"]}, "set": {"terms": {"every": 3}}},
            {
                "when": {"segments": ["shopkeeper"]},
                "set": {
                    "fees": [{"name": "服务费", "collect": "each_instalment", "rate_ppm": 1000}],
                    "practices": {"cost_table_shown": False},
                    "penalty": {"overdue_multiplier_ppm": 1_300_000},
                },
            },
        ],
    ),
)

# place, segment, largest loan, period in months, fees, cost table shown
RESOLVED = [
    (None, "wage_earner", 10_000_000, 1, 0, True),
    ("110105", "wage_earner", 10_000_000, 1, 0, True),
    ("410000", "wage_earner", 5_000_000, 1, 0, True),
    ("41", "wage_earner", 5_000_000, 1, 0, True),
    ("410323", "wage_earner", 5_000_000, 1, 0, True),
    ("411602", "wage_earner", 4_000_000, 1, 0, True),
    ("410323", "farmer", 5_000_000, 3, 0, True),
    ("410300", "farmer", 5_000_000, 1, 0, True),
    (None, "farmer", 10_000_000, 1, 0, True),
    (None, "shopkeeper", 10_000_000, 1, 1, False),
]


@pytest.mark.parametrize(("region", "segment", "most", "every", "fees", "shown"), RESOLVED)
def test_overrides_apply_in_order_where_they_hold(region, segment, most, every, fees, shown):
    resolved = resolve(example(*LAYERED), region, segment)
    assert resolved.ranges.amount_minor.max == most
    assert resolved.ranges.amount_minor.min == 1_000_000
    assert resolved.terms.every == every
    assert resolved.terms.day_count == "30/360"
    assert len(resolved.fees) == fees
    assert resolved.practices["cost_table_shown"] is shown
    assert resolved.practices["apr_displayed"] is True
    assert resolved.penalty.misuse_multiplier_ppm == 2_000_000
    assert resolved.overrides == ()


# where and to whom the product is offered; place, segment; the field refused, or None
OFFERED = [
    ({}, None, None, None),
    ({"segments": ["farmer"]}, None, "farmer", None),
    ({"segments": ["farmer"]}, None, "driver", "segment"),
    ({"segments": ["farmer"]}, None, None, "segment"),
    ({"regions": ["4103"]}, "410323", None, None),
    ({"regions": ["4103"]}, "410523", None, "region"),
    ({"regions": ["4103"]}, "410000", None, "region"),
    ({"regions": ["4103"]}, None, None, "region"),
    ({"tiers": [5]}, "410323", None, None),
    ({"tiers": [4]}, "410323", None, "region"),
    ({"tiers": [4, 5]}, "410000", None, "region"),
    ({"regions": ["41"], "tiers": [5]}, "410323", None, None),
    ({"regions": ["42"], "tiers": [5]}, "410323", None, "region"),
]


@pytest.mark.parametrize(("served", "region", "segment", "field"), OFFERED)
def test_a_product_is_offered_only_where_and_to_whom_it_says(served, region, segment, field):
    definition = example(*served.items())
    if field is None:
        assert resolve(definition, region, segment).id == "example"
        return
    with pytest.raises(Refusal) as refused:
        resolve(definition, region, segment)
    assert (refused.value.code, refused.value.fields) == ("PRODUCT_NOT_OFFERED", (field,))


def test_an_unknown_place_is_refused():
    with pytest.raises(Refusal) as refused:
        resolve(example(), "419999")
    assert (refused.value.code, refused.value.fields) == ("PLACE_UNKNOWN", ("region",))


# --- the terms of one loan --------------------------------------------------------------------------

WISH = {"principal_minor": 5_000_000, "instalments": 12, "annual_rate_ppm": 60_000, "disbursed_on": date(2026, 3, 2)}
DOWN = ("ranges.down_payment_ppm", limits(200_000, 500_000))

# changes of the product, of the wish, the field refused or None
LOANS = [
    ((), {}, None),
    ((), {"principal_minor": 1_000_000}, None),
    ((), {"principal_minor": 999_999}, "principal_minor"),
    ((), {"principal_minor": 10_000_000}, None),
    ((), {"principal_minor": 10_000_001}, "principal_minor"),
    ((), {"instalments": 6}, "instalments"),
    ((), {"instalments": 18}, None),
    ((), {"instalments": 19}, "instalments"),
    ((), {"instalments": 24}, None),
    ((), {"instalments": 30}, "instalments"),
    ((), {"annual_rate_ppm": 59_999}, "annual_rate_ppm"),
    ((), {"annual_rate_ppm": 120_000}, None),
    ((), {"annual_rate_ppm": 120_001}, "annual_rate_ppm"),
    ((), {"down_payment_ppm": 1}, "down_payment_ppm"),
    ((DOWN,), {}, "down_payment_ppm"),
    ((DOWN,), {"down_payment_ppm": 199_999}, "down_payment_ppm"),
    ((DOWN,), {"down_payment_ppm": 200_000}, None),
    ((DOWN,), {"down_payment_ppm": 500_000}, None),
    ((DOWN,), {"down_payment_ppm": 500_001}, "down_payment_ppm"),
    # what counts is what is lent: a price of 125,000 with 20 % down is a loan of 100,000
    ((DOWN,), {"principal_minor": 12_500_000, "down_payment_ppm": 200_000}, None),
    ((DOWN,), {"principal_minor": 12_500_002, "down_payment_ppm": 200_000}, "principal_minor"),
    ((DOWN,), {"principal_minor": 1_250_000, "down_payment_ppm": 200_000}, None),
    ((DOWN,), {"principal_minor": 1_249_999, "down_payment_ppm": 200_000}, "principal_minor"),
    ((("effective_from", "2026-03-02"),), {}, None),
    ((("effective_from", "2026-03-03"),), {}, "disbursed_on"),
    ((("effective_to", "2026-03-02"),), {}, None),
    ((("effective_to", "2026-03-01"),), {}, "disbursed_on"),
    ((), {"due_day": 8}, "due_day"),
    ((), {"first_due_on": "2026-05-01"}, "first_due_on"),
    ((("loan_terms", ["due_day"]),), {"due_day": 31}, None),
    ((("loan_terms", ["due_day"]),), {"due_day": 32}, "due_day"),
]


@pytest.mark.parametrize(("changes", "wish", "field"), LOANS)
def test_a_loan_stays_within_its_product(changes, wish, field):
    definition = example(*changes)
    if field is None:
        terms = terms_for(definition, **{**WISH, **wish})
        assert schedule(terms).terms == terms
        assert {name: getattr(terms, name) for name in wish} == wish
        return
    with pytest.raises(Refusal) as refused:
        terms_for(definition, **{**WISH, **wish})
    assert refused.value.fields == (field,)
    assert field in refused.value.message("zh")


def test_what_the_product_fixes_reaches_the_terms():
    fee = {"name": "担保费", "payee": "guarantor", "collect": "each_instalment", "rate_ppm": 500}
    definition = example(
        ("fees", [fee]),
        ("terms", {"day_count": "act/365", "instalment_multiple_minor": 100, "grace": {"principal": 2}}),
    )
    terms = terms_for(definition, **WISH)
    assert (terms.method, terms.day_count, terms.instalment_multiple_minor) == ("annuity", "act/365", 100)
    assert terms.grace.principal == 2
    assert terms.fees[0].payee == "guarantor"


LINE = (("kind", "revolving"), ("terms", {"day_count": "act/360"}), ("loan_terms", ["movements"]))


@pytest.mark.parametrize(
    ("movements", "field"),
    [
        ([("2026-04-01", -1_000_000), ("2026-05-01", 6_000_000)], None),
        ([("2026-04-01", -1_000_000), ("2026-05-01", 6_000_001)], "movements"),
        ([("2026-05-01", 5_000_001), ("2026-04-01", -1)], None),
    ],
)
def test_draws_stay_within_the_line_whatever_their_order(movements, field):
    listed = [{"moved_on": on, "amount_minor": amount_minor} for on, amount_minor in movements]
    if field is None:
        assert len(terms_for(example(*LINE), **WISH, movements=listed).movements) == len(listed)
        return
    with pytest.raises(Refusal) as refused:
        terms_for(example(*LINE), **WISH, movements=listed)
    assert (refused.value.code, refused.value.fields) == ("PRODUCT_OUT_OF_RANGE", (field,))


@pytest.mark.parametrize("multiple", [None, 100, 10_000])
@pytest.mark.parametrize("price_minor", [1, 5, 149, 150, 12_345_678])
@pytest.mark.parametrize("down_ppm", [0, 1, 300_000, 333_333, 999_999])
def test_what_is_lent_is_what_the_plan_repays(multiple, price_minor, down_ppm):
    wish = {**WISH, "principal_minor": price_minor, "down_payment_ppm": down_ppm}
    fixed = {"method": "equal_principal", "day_count": "30/360", "instalment_multiple_minor": multiple}
    terms = read_terms({**wish, **fixed})
    if lent_minor(terms) <= 0:
        with pytest.raises(Refusal) as refused:
            schedule(terms)
        assert refused.value.fields == ("down_payment_ppm",)
        return
    assert lent_minor(terms) == sum(row.principal_minor for row in schedule(terms).instalments)


# --- the shipped catalogue --------------------------------------------------------------------------


def test_the_first_catalogue_is_there():
    lines = {product.id: product.line for product in catalogue().values()}
    assert lines == {
        "auto_new": "auto",
        "auto_used": "auto",
        "auto_nev": "auto",
        "personal_instalment": "personal",
        "personal_revolving": "personal",
        "farm_seasonal": "personal",
        "micro_working_capital": "supply_chain",
        "receivable_finance": "supply_chain",
        "inventory_finance": "supply_chain",
    }


def test_a_product_that_is_not_there_is_refused():
    with pytest.raises(Refusal) as refused:
        product_of("auto_old")
    assert (refused.value.code, refused.value.status) == ("PRODUCT_UNKNOWN", 404)


# place, months of income: wheat and maize of Henan, one crop of Heilongjiang, elsewhere
HARVESTS = [
    (None, (9, 10)),
    ("370700", (9, 10)),
    ("411602", (6, 10)),
    ("410323", (9, 10)),
    ("230200", (10, 11)),
    ("231202", (10, 11)),
]


@pytest.mark.parametrize(("region", "months"), HARVESTS)
def test_farm_loans_follow_the_harvest_of_the_place(region, months):
    resolved = resolve(product_of("farm_seasonal"), region, "farmer")
    assert resolved.terms.income_months == months
    assert resolved.terms.interest_due == "with_principal"
