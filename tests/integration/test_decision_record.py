"""The decision record on both databases: parts kept once, executed again, explained, told to the person."""

import json
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from county_example import events_by_party, kit, parts_with_examples
from decision_example import OFFICER, decided, judged, one_of, reading
from people_fixtures import masters  # noqa: F401
from puhui.credit.features.catalogue import FEATURES
from puhui.credit.policy.reasons import reasons
from puhui.kernel.refusals import Refusal
from puhui.storage.books import OpenBooks
from puhui.storage.credit_store import salted
from puhui.workflows.apply import record_of
from puhui.workflows.decisions import Decision
from puhui.workflows.dossiers import take_in
from puhui.workflows.judge import Seen, judge, judge_seen
from puhui.workflows.kit import CODE, hash_of, kit_of
from puhui.workflows.kit_parts import keep, parts_of
from puhui.workflows.letter import Contact, letter_of
from puhui.workflows.letter_page import as_html, as_text
from puhui.workflows.replay import differences, judged_again, read_decision, replay
from puhui.workflows.why import change_of, why
from puhui.workflows.would_change import changed, facts_of, would_change
from store_fixtures import database, store_url  # noqa: F401


@pytest.fixture
def books(database, masters):  # noqa: F811
    return OpenBooks(database, masters)


class TakenBack(Exception):
    """Ends a unit of work without its changes."""


@contextmanager
def taken_back(books):
    """Give the books for a unit of work that leaves nothing."""
    with suppress(TakenBack), books.begin() as desk:
        yield desk
        raise TakenBack


def code_of(call, *arguments):
    with pytest.raises(Refusal) as raised:
        call(*arguments)
    return raised.value.code


def count_parts(books):
    with books.read() as desk:
        return desk.store.connection.execute(text("SELECT count(*) FROM kit_parts")).scalar()


# --- kept parts ---------------------------------------------------------------------------------------


def test_a_part_is_kept_once_however_many_decisions_use_it(books):
    decided(books, one_of("approve"))
    kept = count_parts(books)
    assert kept == len(kit().parts) + 1  # and the list of the whole kit
    decided(books, one_of("decline"))
    assert count_parts(books) == kept
    dearer = {**kit().parts, "costs": {**kit().parts["costs"], "funding_ppm": 80_000}}
    decided(books, one_of("refer"), kit_of(dearer, kit().used))
    assert count_parts(books) == kept + 2


def test_what_was_taken_back_is_kept_the_next_time(books):
    with taken_back(books) as desk:
        keep(desk.parts, kit())
        keep(desk.parts, kit())
    assert count_parts(books) == 0
    for _ in range(3):
        with books.begin() as desk:
            keep(desk.parts, kit())
    assert count_parts(books) == len(kit().parts) + 1


def test_what_is_kept_comes_back_as_it_was_without_what_comes_with_the_code(books):
    with books.begin() as desk:
        keep(desk.parts, kit())
    with books.read() as desk:
        found = parts_of(desk.parts, kit().versions)
    assert found == dict(kit().parts)
    assert not set(found) & set(CODE)


def test_the_order_in_which_parts_come_makes_no_difference():
    backwards = kit_of(dict(reversed(kit().parts.items())), kit().used)
    assert list(backwards.products) == list(kit().products)
    assert list(backwards.funders) == list(kit().funders)


def test_a_part_that_is_missing_or_changed_is_named(books):
    with taken_back(books) as desk:
        keep(desk.parts, kit())
        assert code_of(parts_of, desk.parts, {"model": "0" * 64}) == "PART_MISSING"
        hashes = {"costs": hash_of(kit().parts["costs"])}
        forged = json.dumps({**kit().parts["costs"], "margin_ppm": 0})
        unlocked(desk, "kit_parts")
        desk.store.connection.execute(
            text("UPDATE kit_parts SET content = :forged WHERE hash = :hash"),
            {"forged": forged, "hash": hashes["costs"]},
        )
        assert code_of(parts_of, desk.parts, hashes) == "PART_TAMPERED"


def unlocked(desk, table):
    """Switch the trigger of an append-only table off, as who owns the database could, within this transaction."""
    connection = desk.store.connection
    is_sqlite = connection.dialect.name == "sqlite"
    off = f"DROP TRIGGER {table}_no_update" if is_sqlite else "SET LOCAL session_replication_role = replica"
    connection.execute(text(off))


# --- executed again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["approve", "refer", "decline"])
def test_executed_again_it_is_identical_whatever_changed_since(books, outcome, tmp_path, monkeypatch):
    case = one_of(outcome)
    made = decided(books, case)
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    costs = {**kit().parts["costs"], "funding_ppm": 90_000}
    tmp_path.joinpath("costs.yaml").write_text(json.dumps(costs))
    policy = json.dumps(kit().parts[f"policy:{case.line}"]).replace('"550000"', '"100000"')
    tmp_path.joinpath("policies").mkdir()
    tmp_path.joinpath("policies", "own.json").write_text(policy)
    limit = json.loads(json.dumps(kit().parts["limit"]))
    for one in limit["assumptions"]:
        one["living_minor"] = [10 * amount for amount in one["living_minor"]]
    tmp_path.joinpath("credit_limit.yaml").write_text(json.dumps(limit))
    today = parts_with_examples()
    others = {name for name in today if today[name] != kit().parts[name]}
    assert others == {"costs", "limit", f"policy:{case.line}"}
    later = events_by_party()[case.party].head(40)
    with books.begin() as desk:
        take_in(desk.store, desk.dossiers, case.party, later, OFFICER, case.at + timedelta(hours=1))
    with books.begin() as desk:
        found = replay(desk, made.decision.id, reading(case))
    assert (found.identical, found.differences, found.code) == (True, (), ())


def test_what_comes_with_the_code_and_is_another_is_named_apart_from_the_result(books):
    case = one_of("approve")
    older = replace(kit(), versions={**kit().versions, "rules": "0" * 64, "features": "1" * 64})
    made = decided(books, case, older)
    with books.begin() as desk:
        found = replay(desk, made.decision.id, reading(case))
    assert (found.identical, found.code) == (True, ("features", "rules"))


def test_what_comes_out_differently_is_named_by_its_path(books):
    case = one_of("approve")
    made = decided(books, case, replace(kit(), lgd_ppm=900_000))
    with books.begin() as desk:
        found = replay(desk, made.decision.id, reading(case))
    assert not found.identical
    by_path = {one.path: (one.then, one.now) for one in found.differences}
    assert by_path["kit.lgd_ppm"] == (900_000, kit().lgd_ppm)
    assert any(path.startswith("prices.") and path.endswith(".components.expected_loss") for path in by_path)
    assert not any(path.startswith(("case", "features", "score")) for path in by_path)


@pytest.mark.parametrize(
    ("then", "now", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b.1"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a.1"]),
        ({"a": []}, {"a": [1]}, ["a", "a.0"]),
        ({"a": 1}, {"a": 1, "only_now": 2}, []),
        ({"a": 0}, {"a": None}, ["a"]),
        (
            {"kit": {"versions": {"program": "x", "model": "y"}}},
            {"kit": {"versions": {"program": "z", "model": "z"}}},
            ["kit.versions.model"],
        ),
    ],
)  # fmt: skip
def test_differences_by_path(then, now, paths):
    assert [one.path for one in differences(then, now)] == paths


# --- tamper, erasure, who reads -----------------------------------------------------------------------


def test_a_record_that_is_not_that_of_its_fact_is_refused(books):
    case = one_of("decline")
    made = decided(books, case)
    with taken_back(books) as desk:
        record = {**desk.decisions.record(made.decision, reading(case)), "outcome": "approve"}
        forged = salted(json.dumps(record).encode())[0]
        sealed = desk.personal.seal_for(case.party, made.decision.id, forged, case.at)
        unlocked(desk, "decisions")
        desk.store.connection.execute(
            text("UPDATE decisions SET sealed = :sealed WHERE id = :id"), {"sealed": sealed, "id": made.decision.id}
        )
        assert desk.decisions.record(made.decision, reading(case))["outcome"] == "approve"
        assert code_of(read_decision, desk, made.decision.id, reading(case)) == "DECISION_TAMPERED"


def test_a_decision_without_its_fact_is_refused(books):
    case = one_of("decline")
    made = decided(books, case)
    with books.begin() as desk:
        slipped_in = Decision("decision_x", case.application, case.party, "b", case.region, "approve", case.at)
        desk.decisions.add(slipped_in, desk.decisions.record(made.decision, reading(case)))
        assert code_of(read_decision, desk, "decision_x", reading(case)) == "DECISION_TAMPERED"
        assert code_of(read_decision, desk, "decision_none", reading(case)) == "DECISION_UNKNOWN"


def test_of_an_erased_person_nothing_is_executed_or_told_again(books):
    case = one_of("decline")
    made = decided(books, case)
    with books.begin() as desk:
        desk.personal.erase(case.party, reading(case))
    with books.begin() as desk:
        assert code_of(replay, desk, made.decision.id, reading(case)) == "PERSON_ERASED"
        assert code_of(read_decision, desk, made.decision.id, reading(case)) == "PERSON_ERASED"


def test_every_reading_is_logged_with_its_purpose(books):
    case = one_of("decline")
    made = decided(books, case)
    with books.begin() as desk:
        replay(desk, made.decision.id, reading(case, "audit"))
    with books.read() as desk:
        query = text("SELECT actor, fields FROM personal_reads WHERE purpose = 'audit' ORDER BY read_at")
        rows = [(row.actor, json.loads(row.fields)) for row in desk.store.connection.execute(query)]
    assert sorted(rows) == sorted([(OFFICER, [made.decision.id]), (OFFICER, ["dossier"])])


# --- explained ----------------------------------------------------------------------------------------


def test_an_officer_sees_all_that_decided(books):
    case = one_of("decline", "DEBT_TOO_HIGH", "NO_CAPACITY")
    made = decided(books, case)
    with books.begin() as desk:
        found = why(desk, read_decision(desk, made.decision.id, reading(case)))
    assert (found["outcome"], found["same_now"], found["decided_by"]) == ("decline", True, OFFICER)
    [hit] = [hit for hit in found["policy"]["rules_hit"] if hit["rule"] == "DEBT.SHARE"]
    values = {one["input"]: one["value"] for one in hit["read"]}
    assert values["monthly_income_minor"] > 0
    assert values["pd_ppm"] == made.judgement.draft.score.pd_ppm
    pushes = [abs(push["log_odds"]) for push in found["score"]["pushes"]]
    assert pushes == sorted(pushes, reverse=True)
    assert found["limit"]["binds"] == "capacity"
    json.dumps(found)


def test_an_approval_shows_each_plan_and_why_each_funder_has_it_or_not(books):
    case = one_of("approve")
    made = decided(books, case)
    with books.begin() as desk:
        found = why(desk, read_decision(desk, made.decision.id, reading(case)), made.offers)
    assert found["would_change"] is None
    assert len(found["plans"]) == len(made.offers) == len(found["offers"])
    for plan in found["plans"]:
        assert len(plan["funders"]) == len(kit().funders) + 1
        assert all(funder["reasons"] for funder in plan["funders"])
        assert [one["funder"] for one in plan["funders"] if one["outcome"] == "chosen"] == [plan["chosen"]]


def test_from_the_record_alone_the_same_comes_out(books):
    case = one_of("refer")
    made = decided(books, case)
    with books.begin() as desk:
        kept = read_decision(desk, made.decision.id, reading(case))
        again = judged_again(desk, kept.record)
    assert record_of(again) == kept.record


# --- what would change it -----------------------------------------------------------------------------


def test_what_would_change_it_is_a_yes_when_judged_and_the_step_before_is_none():
    seen = 0
    for case, found in judged():
        change = would_change(found)
        if found.outcome == "approve":
            assert change is None
        if change is None:
            continue
        seen += 1
        facts = facts_of(case, found.draft.features)
        for step in change.steps:
            facts = step.lever.changed(facts, step.after)
        then = Seen(found.draft.features, found.draft.income_minor)
        other, seen_then = changed(case, then, facts)
        assert judge_seen(other, seen_then, kit()).outcome == "approve"
        assert change.text.zh
        assert "minor" not in change.text.en
        if len(change.steps) == 1:
            [(lever, _, after)] = change.steps
            values = lever.values(facts_of(case, found.draft.features))
            for nearer in values[: values.index(after)]:
                facts = lever.changed(facts_of(case, found.draft.features), nearer)
                assert judge_seen(*changed(case, then, facts), kit()).outcome != "approve"
    assert seen >= 5


def test_a_change_on_the_case_is_a_yes_from_the_events_too():
    case, found = next(
        (case, found)
        for case, found in judged()
        if (change := would_change(found))
        and all(path.startswith("case.") for s in change.steps for path in s.lever.sets)
    )
    facts = facts_of(case, found.draft.features)
    for step in would_change(found).steps:
        facts = step.lever.changed(facts, step.after)
    other, _ = changed(case, Seen(found.draft.features, found.draft.income_minor), facts)
    assert judge(other, events_by_party()[case.party], kit()).outcome == "approve"


@pytest.mark.parametrize(
    ("changes", "loan_to_value_ppm"),
    [
        ({}, 800_000),
        ({"case.down_minor": 30_000}, 700_000),
        ({"case.amount_minor": 50_000}, 600_000),
        ({"case.amount_minor": 50_000, "case.down_minor": 30_000}, 400_000),
        ({"case.down_minor": 100_000}, 0),
    ],
)
def test_a_loan_to_value_moves_with_what_is_lent(changes, loan_to_value_ppm):
    case = one_of("decline", "LOAN_ABOVE_CAR")
    given = {"amount_minor": 100_000, "down_minor": 20_000, "checks": {"loan_to_value_ppm": 800_000}}
    case = case.model_copy(update=given)
    other, _ = changed(case, Seen({}, ()), {**facts_of(case, {}), **changes})
    assert other.checks["loan_to_value_ppm"] == loan_to_value_ppm


# --- told to the person -------------------------------------------------------------------------------

JARGON = (
    *("PD", "违约概率", "评分", "模型", "HHI", "标准差", "log", "ppm", "_minor", "score", "model"),
    *("probability of default", "RISK_", "MODEL_", "DEBT.", "grade"),
)


def letter_for(case, found, **more):
    decision = Decision(
        "decision_1", case.application, case.party, case.institution, case.region, found.outcome, case.at
    )
    return letter_of(decision, record_of(found), None, **more)


def test_no_letter_says_who_the_person_is_or_speaks_jargon():
    for case, found in judged():
        text = as_text(letter_for(case, found))
        assert case.party not in text
        assert [word for word in JARGON if word in text] == []
        assert [name for name in FEATURES if name in text] == []
        assert case.application in text
        assert "要求人工" in text
        assert "Ask for a person" in text


def test_a_risk_that_is_too_high_is_told_with_what_the_model_saw():
    case, found = next((case, found) for case, found in judged() if "RISK_TOO_HIGH" in found.reasons)
    assert len(found.reasons) == 4
    assert found.reasons[0] == "RISK_TOO_HIGH"
    assert found.reasons[3] == found.draft.model_reasons[0].code == "MODEL_BILLS"
    assert reasons()["MODEL_BILLS"].text.zh in as_text(letter_for(case, found))


def test_where_the_risk_is_no_reason_the_model_adds_none():
    for _, found in judged():
        if not {"RISK_TOO_HIGH", "RISK_HIGH", "PRICE_ABOVE_CAP"} & set(found.reasons):
            assert not any(code.startswith("MODEL_") for code in found.reasons)


def test_a_letter_says_what_would_change_it_and_where_the_data_came_from(books):
    case = one_of("refer", "BILLS_LATE")
    made = decided(books, case)
    with books.begin() as desk:
        later = case.at + timedelta(days=3)
        take_in(desk.store, desk.dossiers, case.party, events_by_party()[case.party].head(9), OFFICER, later)
    contact = Contact.model_validate(
        {
            "institution": case.institution,
            "name": {"zh": "新安农商行", "en": "Xin'an Rural Bank"},
            "phone": "0379-12345",
        }
    )
    with books.begin() as desk:
        kept = read_decision(desk, made.decision.id, reading(case))
        change = change_of(kept, judged_again(desk, kept.record))
        letter = letter_of(kept.decision, kept.record, change, dossiers=desk.store.facts(case.party), contact=contact)
    text = as_text(letter, "zh")
    assert "按时缴费" in text
    assert "sim_bank" in text.split("信息来源")[1]
    assert f"{later:%Y-%m-%d}" not in text
    assert "请致电 0379-12345" in text
    assert "新安农商行" in text
    assert "性别" in text


def test_the_page_has_no_scripts_and_every_text_is_escaped():
    case = one_of("decline").model_copy(update={"application": "<script>alert(1)</script>"})
    found = judge(case, events_by_party()[case.party], kit())
    page = as_html(letter_for(case, found))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.index('lang="zh-CN"><dl>') < page.index('lang="en"><dl>')
