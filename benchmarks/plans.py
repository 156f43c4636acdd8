"""Plans for one wish, routing of one application, and a day of 10,000 applications shared out among 10 funders.

Wishes and applications are simulated from a fixed seed; the funders are the shipped ones, varied. Beside the linear
programme, greedy (routing one by one as they come) is measured in the same run: more placed, less paid.
Times are CPU seconds of this process, so that what else runs on the machine does not count. Sizes by argument: wishes,
applications, funders.
"""

import random
import sys
import time
from datetime import date, datetime

from measure import one_core, peak_mb, short_hash
from puhui.funding.allocate import allocate
from puhui.funding.application import NOTHING_USED, read_application
from puhui.funding.day import day_problem
from puhui.funding.definition import CATALOGUE, load_funders
from puhui.funding.routing import Market, assess, route
from puhui.kernel.clock import CHINA
from puhui.kernel.refusals import Refusal
from puhui.products.design.design import design
from puhui.products.design.need import read_need

SEED = 20_261_124
DAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 10, 0, tzinfo=CHINA)
COUNTIES = ("410323", "410325", "410328", "410329", "410122", "411625", "410724", "411722")
RATIOS = {"partner_balance_to_tier1_ppm": 100_000, "joint_balance_to_loans_ppm": 200_000}


class Stopwatch:
    """CPU seconds of a `with` block."""

    def __enter__(self):
        self._start = time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.process_time() - self._start


def wishes(count):
    """Return the same `count` wishes every time: wage earners and shopkeepers, farmers with a harvest."""
    chance = random.Random(SEED)
    made = []
    for _ in range(count):
        segment = chance.choice(("wage_earner", "shopkeeper", "farmer"))
        flat = chance.randrange(300_000, 1_500_000)
        income = [flat] * 12
        if segment == "farmer":
            income[8] = income[9] = flat * chance.randrange(3, 9)
        amount = chance.randrange(20_000, 200_000) * 100
        data = {"amount_minor": amount, "region": chance.choice(COUNTIES), "segment": segment, "income_minor": income}
        made.append(read_need({**data, "cash_minor": amount * chance.randrange(1, 6) // 10}, DAY))
    return made


def applications(count):
    """Return the same `count` applications every time."""
    chance = random.Random(SEED)
    made = []
    for number in range(count):
        product, segment = chance.choice(
            (("auto_new", "wage_earner"), ("auto_new", "wage_earner"), ("micro_working_capital", "shopkeeper"))
        )
        data = {
            "id": f"a{number}",
            "product": product,
            "principal_minor": chance.randrange(40_000, 200_000) * 100,
            "instalments": chance.choice((12, 24, 36)),
            "down_payment_ppm": 250_000 if product == "auto_new" else 0,
            "region": chance.choice(COUNTIES),
            "segment": segment,
            "applicant": {
                "age_years": chance.randrange(20, 66),
                "score": chance.randrange(540, 760),
                "overdue_count": 0,
            },
            "loan": {"dealer": chance.choice(("dealer_luoyang", "dealer_zhengzhou", "dealer_xinan", "dealer_other"))},
            "facts": {"borrower_region_in_area": True},
        }
        made.append(read_application(data, DAY))
    return made


def market_of(count, lent_minor):
    """Return `count` funders made from the shipped ones, with quotas for about six tenths of what is asked."""
    chance = random.Random(SEED)
    shipped = load_funders(CATALOGUE)
    bank = shipped["demo_joint_bank"]
    funders = {}
    for number in range(count):
        base = shipped["demo_auto_finance"] if number % 3 == 0 else bank
        day_minor = lent_minor * chance.randrange(3, 9) // (10 * count)
        changes = {
            "id": f"funder_{number}",
            "rate_ppm": chance.randrange(46_000, 70_000),
            "rates_ppm": {},
            "products": ("auto_new",) if number % 3 == 0 else ("auto_new", "micro_working_capital"),
            "quota": base.quota.model_copy(update={"day_minor": day_minor, "day_loans": None}),
            "joint": base.joint if number % 3 == 1 else None,
        }
        funders[f"funder_{number}"] = base.model_copy(update=changes)
    used = {name: NOTHING_USED.model_copy(update={"institution": RATIOS}) for name in funders}
    return funders, Market(AT, used)


def timed(function, items):
    """Return sorted seconds of function(item) for each item, and what it returned, a refusal as its code."""
    seconds, answers = [], []
    for item in items:
        with Stopwatch() as watch:
            try:
                answer = function(item)
            except Refusal as refusal:
                answer = refusal.code
        seconds.append(watch.seconds)
        answers.append(answer)
    return sorted(seconds), answers


def at(seconds, part):
    """Return a percentile in ms."""
    return seconds[min(len(seconds) - 1, int(len(seconds) * part))] * 1e3


def plans(count):
    """Design plans for `count` wishes; return seconds of those with plans, of those refused, and the text of all."""
    found = wishes(count)
    design_seconds, refused_seconds, texts = [], [], []
    for need in found:
        (seconds,), (answer,) = timed(design, [need])
        if isinstance(answer, str):
            refused_seconds.append(seconds)
            texts.append(answer)
        else:
            design_seconds.append(seconds)
            texts.append(";".join(f"{p.goals}{p.definition.id}{p.cost_minor}" for p in answer.proposals))
    return sorted(design_seconds), sorted(refused_seconds), "\n".join(texts).encode()


def day(count, funders):
    """Share out `count` applications; return seconds of pricing and of solving, the gain, and chosen pairs to check."""
    asked = applications(count)
    lent = sum(one.principal_minor * (1_000_000 - one.down_payment_ppm) // 1_000_000 for one in asked)
    known, market = market_of(funders, lent)
    with Stopwatch() as pricing:
        problem, _ = day_problem(asked, known, market)
    with Stopwatch() as solving:
        gain = allocate(problem)
    names = list(known)
    chosen = [problem.pairs[n] for n in gain.allocation.pairs]
    with Stopwatch() as checking:
        wrong = sum(
            not assess(asked[pair.application], known[names[pair.funder]], known, market).eligible for pair in chosen
        )
    return problem, gain, (pricing.seconds, solving.seconds, checking.seconds), wrong


def main(count=200, asked=10_000, funders=10):
    """Print plans p50 and p99, routing p50, the day shared out, memory and a hash."""
    one_core()
    design(wishes(1)[0].model_copy(update={"cash_minor": 10**9, "income_minor": 10**8}))
    seconds, refused, texts = plans(count)
    print(
        f"{count} wishes: {len(seconds)} with plans p50 {at(seconds, 0.5):.0f} ms, p99 {at(seconds, 0.99):.0f} ms; ",
        end="",
    )
    print(f"{len(refused)} refused with remedies p50 {at(refused, 0.5):.0f} ms, p99 {at(refused, 0.99):.0f} ms")
    some = applications(count)
    known, market = market_of(3, sum(one.principal_minor for one in some) * 10)
    routing, _ = timed(lambda one: route(one, known, market), some)
    print(f"routing among 3 funders: p50 {at(routing, 0.5):.1f} ms, p99 {at(routing, 0.99):.1f} ms")
    problem, gain, (pricing, solving, checking), wrong = day(asked, funders)
    best, greedy = gain.allocation, gain.greedy
    print(f"{asked} applications x {funders} funders: {len(problem.pairs)} pairs priced in {pricing:.1f} s, ", end="")
    print(f"shared out in {solving:.1f} s, chosen pairs assessed in {checking:.1f} s ({wrong} did not stand)")
    least = f"{gain.least_cost_minor / 100:,.0f}"
    print(f"placed {best.placed} (greedy {greedy.placed}, at most {gain.most_placed}); ", end="")
    print(
        f"a year {best.cost_minor / 100:,.0f} yuan (at least {least}; greedy {greedy.cost_minor / 100:,.0f}); ",
        end="",
    )
    print(f"borrowers whom both place pay {gain.saved_minor / 100:,.0f} yuan a year less")
    print(f"peak {peak_mb():.0f} MB; hash {short_hash(texts, repr(best.pairs).encode())}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
