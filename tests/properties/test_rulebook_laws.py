"""Laws of the check: a missing fact never helps, nothing is left out, nothing unread matters."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from puhui.rulebook.check import check
from puhui.rulebook.diff import diff
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.metrics import metrics
from puhui.rulebook.subject import Subject
from puhui.rulebook.vocabulary import LENDERS, MOMENTS, PRODUCTS

BOOK = default_rulebook()
KNOWN = metrics()
DAYS = sorted(
    {
        rule_day + timedelta(days=shift)
        for rule in BOOK.rules.values()
        for rule_day in (rule.starts_on, rule.ends_on)
        if date(1990, 1, 1) < rule_day < date(2090, 1, 1)
        for shift in (-1, 0, 1)
    }
)
days = st.one_of(st.sampled_from(DAYS), st.dates(date(2015, 1, 1), date(2030, 12, 31)))
COMMON = [
    Subject("bank", ("facilitated", "personal_consumer"), moment="product"),
    Subject("bank", ("internet", "personal_consumer", "bullet")),
    Subject("bank", ("working_capital",)),
    Subject("bank", ("credit_card",), moment="loan"),
    Subject("bank", ("personal_business", "farmer"), moment="statistics"),
    Subject("bank", ("cash_one_off",), moment="payment"),
    Subject("private_lender", ("personal_loan",), moment="product"),
    Subject("auto_finance", ("auto_used", "facilitated")),
    Subject("small_loan", ("personal_consumer",), moment="personal_data"),
    Subject("core_enterprise", ("voucher",), moment="receivable"),
    Subject("bank", ("all_loans",), moment="institution"),
]
any_subjects = st.builds(
    Subject,
    st.sampled_from(sorted(LENDERS)),
    st.lists(st.sampled_from(sorted(PRODUCTS)), min_size=1, max_size=4, unique=True).map(tuple),
    region=st.sampled_from(["", "410329", "110105"]),
    moment=st.sampled_from(sorted(MOMENTS)),
)
subjects = st.one_of(st.sampled_from(COMMON), any_subjects)


def _fixed_limits():
    """Every whole number that some rule holds a metric against, and its neighbours."""
    found = {}
    for rule in BOOK.rules.values():
        for demand in rule.demands:
            parts = [(name, demand.limit) for name in demand.figures]
            parts += [(item.metric, item.limit) for item in (*demand.when, *demand.unless)]
            for name, limit in parts:
                value = limit.fixed(date(2026, 11, 23))
                numbers = [n for n in (value if isinstance(value, tuple) else (value,)) if type(n) is int]
                found.setdefault(name, set()).update(number + shift for number in numbers for shift in (-1, 0, 1))
    return {name: sorted(numbers) for name, numbers in found.items()}


NEAR = _fixed_limits()


def values(name):
    metric = KNOWN[name]
    if metric.type == "bool":
        return st.booleans()
    if metric.type == "date":
        return days
    if metric.type == "list":
        return st.lists(st.sampled_from(["a", "b", "house", "travel"]), max_size=3)
    if metric.type == "text":
        return st.sampled_from(metric.values or ("CNY", "USD", "EUR"))
    return st.one_of(st.sampled_from(NEAR.get(name) or [0]), st.integers(-5, 10**9))


@st.composite
def proposals(draw):
    """A subject, a day, and facts for some of what the rules read."""
    subject, day = draw(subjects), draw(days)
    facts = {}
    for name in BOOK.metrics_used(subject, day):
        if draw(st.integers(0, 9)):
            facts[name] = draw(values(name))
    return subject, facts, day


def outcomes(report):
    return {finding.rule_id: (finding.outcome, finding.classified) for finding in report.findings}


def passed(report):
    return {rule_id for rule_id, (outcome, _) in outcomes(report).items() if outcome == "passed"}


@given(proposals(), st.data())
def test_a_missing_fact_never_helps(proposal, data):
    subject, facts, day = proposal
    before = check(subject, facts, day)
    lost = set(data.draw(st.lists(st.sampled_from(sorted(facts)), max_size=5))) if facts else set()
    after = check(subject, {name: value for name, value in facts.items() if name not in lost}, day)
    assert before.ok or not after.ok
    assert passed(after) <= passed(before)
    assert {finding.rule_id for finding in after.broken} <= {finding.rule_id for finding in before.broken}
    assert after.findings == before.findings or lost


@given(subjects, days)
def test_without_facts_nothing_passes(subject, day):
    report = check(subject, {}, day)
    assert {outcome for outcome, _ in outcomes(report).values()} <= {
        "cannot_evaluate",
        "for_people",
        "superseded",
    }
    unread = {name for name in report.missing if name not in KNOWN and "@" not in name}
    assert not unread


@given(proposals())
def test_one_finding_for_each_rule_in_force(proposal):
    subject, facts, day = proposal
    report = check(subject, facts, day)
    ids = [finding.rule_id for finding in report.findings]
    assert len(set(ids)) == len(ids)
    for finding in report.findings:
        rule = finding.rule
        assert rule.starts_on <= day <= rule.ends_on
        assert subject.moment in rule.record.moments
        assert (finding.outcome == "cannot_evaluate") == bool(finding.missing)
        assert finding.outcome != "broken" or finding.blocking
        assert finding.outcome != "for_people" or not rule.demands or rule.severity == "info"
    assert report.ok == (
        not report.broken and not [f for f in report.findings if f.blocking and f.outcome == "cannot_evaluate"]
    )


@given(proposals(), st.data())
def test_facts_that_no_rule_reads_do_not_matter(proposal, data):
    subject, facts, day = proposal
    read = set(BOOK.metrics_used(subject, day))
    others = sorted(name for name, metric in KNOWN.items() if name not in read and metric.type != "figures")
    name = data.draw(st.sampled_from(others))
    more = check(subject, {**facts, name: data.draw(values(name))}, day)
    assert outcomes(more) == outcomes(check(subject, facts, day))


@given(proposals())
def test_making_rules_hard_never_helps(proposal):
    subject, facts, day = proposal
    able = [finding.rule_id for finding in check(subject, facts, day).findings if finding.rule.demands]
    plain = check(subject, facts, day)
    strict = check(subject, facts, day, hard=able)
    assert plain.ok or not strict.ok
    assert len(strict.findings) == len(plain.findings)


@given(days, days)
def test_a_difference_is_what_is_in_force(one, other):
    from_on, to_on = min(one, other), max(one, other)
    found = diff(from_on, to_on)
    was = {rule.id for rule in BOOK.rules.values() if rule.starts_on <= from_on <= rule.ends_on}
    now = {rule.id for rule in BOOK.rules.values() if rule.starts_on <= to_on <= rule.ends_on}
    assert {change.rule.id for change in found.rules if change.kind == "starts"} == now - was
    assert {change.rule.id for change in found.rules if change.kind == "ends"} == was - now
    assert {change.rule.id for change in found.rules if change.kind not in ("starts", "ends")} <= was & now
    assert (from_on != to_on) or (found.rules == () and found.series == ())


@given(days)
def test_a_series_holds_its_latest_value(day):
    for series in BOOK.series.values():
        begun = [value for value in series.values if value.since <= day]
        assert series.at(day) == (begun[-1] if begun else None)
