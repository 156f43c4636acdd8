"""What would change a decision: the smallest step on one or two levers that a person has, found by trying.

Levers are data (`levers.yaml`). A step is believed only when the whole decision, run again on the changed facts, says
yes; a decision that is not monotone is run, not guessed. The number of runs is bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

from pydantic import Field

from puhui.credit.reasons import shown_value
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.rulebook.files import read_yaml

LEVERS_FILE = Path(__file__).parent / "levers.yaml"
MOST_RUNS: Final = 60
_NOT_TRIED: Final = frozenset({"not tried"})

# What is known of a case, flat: "case.amount_minor", "features.inquiry_3m" and so on.
Facts: TypeAlias = Mapping[str, Any]
# Decides on facts: the reasons against, none for a yes.
Stands: TypeAlias = Callable[[Facts], frozenset[str]]


class Lever(Record):
    """A thing that a person can influence; `levers.yaml` says what each field is."""

    name: Annotated[str, Field(pattern="^[a-z_]+$")]
    sets: Annotated[tuple[str, ...], Field(min_length=1)]
    unit: str
    more: bool
    step: Annotated[int, Field(ge=1)] | None = None
    step_ppm: Annotated[int, Field(ge=1, le=PPM)] | None = None
    of: str = ""
    steps: Annotated[int, Field(ge=1, le=20)]
    round: Annotated[int, Field(ge=1)] = 1
    least: int | None = None
    most: int | None = None
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def now(self, facts: Facts) -> Any:
        """Return the present value: of several facts the one that stands in the way; None where none is known."""
        known = [facts[path] for path in self.sets if _is_number(facts.get(path))]
        return (min if self.more else max)(known) if known else None

    def values(self, facts: Facts) -> list[Any]:
        """Return the values within reach, nearest first; none where the present one is not known."""
        now = self.now(facts)
        found: list[Any] = []
        for number in range(1, self.steps + 1) if now is not None else ():
            value = self._moved(now, self._far(facts, now, number))
            within = (self.least is None or value >= self.least) and (self.most is None or value <= self.most)
            if within and value != now and value not in found:
                found.append(value)
        return found

    def _far(self, facts: Facts, now: Any, number: int) -> Any:
        """Return how far `number` steps go."""
        if self.step is not None:
            return self.step * number
        whole = facts.get(self.of) if self.of else now
        share_ppm = (self.step_ppm or 0) * number
        if isinstance(whole, int):
            return whole * share_ppm // PPM
        return 0 if whole is None else whole * share_ppm / PPM

    def _moved(self, now: Any, far: Any) -> Any:
        """Return the value `far` from now, whole steps of `round` towards the easier; flags stay flags."""
        if isinstance(now, bool):
            return self.more
        value = now + far if self.more else max(0, now - far)
        return value if isinstance(value, float) else value // self.round * self.round

    def changed(self, facts: Facts, value: Any) -> dict[str, Any]:
        """Return the facts with the lever at a value; a fact that is better already stays, an unknown one too."""
        better = max if self.more else min
        return {
            **facts,
            **{path: better(facts[path], value) for path in self.sets if _is_number(facts.get(path))},
        }


class LeversFile(Record):
    """The file."""

    levers: Annotated[list[Lever], Field(min_length=1)]


@cache
def levers() -> tuple[Lever, ...]:
    """Return the levers of the file, the easiest first."""
    return tuple(parse(LeversFile, read_yaml(LEVERS_FILE), LEVERS_FILE.name).levers)


class Step(NamedTuple):
    """One lever from its present value to another."""

    lever: Lever
    before: Any
    after: Any

    @property
    def text(self) -> Text:
        """What the person would do."""
        before, after = (shown_value(value, self.lever.unit) for value in (self.before, self.after))
        return Text(
            self.lever.zh.format(before=before.zh, after=after.zh),
            self.lever.en.format(before=before.en, after=after.en),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What to change, from what to what; `effort`: the sum of the shares of each lever's reach, ppm."""

    steps: tuple[Step, ...]
    effort_ppm: int

    @property
    def text(self) -> Text:
        """The change as a sentence."""
        texts = [step.text for step in self.steps]
        zh, en = "，并且".join(text.zh for text in texts), " and ".join(text.en for text in texts)
        return Text(f"如果{zh}，本次申请可以获批。", f"The application could be approved by {en}.")

    def as_json(self) -> dict[str, Any]:
        """Return the change as JSON."""
        steps = [{"lever": lever.name, "from": before, "to": after} for lever, before, after in self.steps]
        return {"changes": steps, "effort_ppm": self.effort_ppm, "text": self.text._asdict()}


class _Tries:
    """Decides with levers moved, each move once and at most so many; beyond them everything stands in the way."""

    def __init__(self, facts: Facts, stands: Stands, most_runs: int) -> None:
        self._facts, self._stands, self._left = facts, stands, most_runs
        self._known: dict[tuple[tuple[str, Any], ...], frozenset[str]] = {}

    def __call__(self, *moves: tuple[Lever, Any]) -> frozenset[str]:
        key = tuple((lever.name, value) for lever, value in moves)
        if key not in self._known:
            if not self._left:
                return _NOT_TRIED
            self._left -= 1
            facts = self._facts
            for lever, value in moves:
                facts = lever.changed(facts, value)
            self._known[key] = self._stands(facts)
        return self._known[key]


def what_would_change(
    facts: Facts, among: Sequence[Lever], stands: Stands, most_runs: int = MOST_RUNS
) -> Change | None:
    """Return the nearest feasible change after which nothing stands in the way; None when none is within reach.

    stands: decides on facts and returns the reasons against, none of them for a yes. One lever is tried before two, a
    small step before a large one; one that at its farthest leaves all as it is is not tried alone any further. Of two
    levers, the pair that leaves the least in common is tried first, and then taken back as far as it stays a yes. A
    fact that is missing is no lever: it must be known first.
    """
    tries = _Tries(facts, stands, most_runs)
    now = tries()
    if not now:
        return None
    reach = [(lever, values) for lever in among if (values := lever.values(facts))]
    moving = [(lever, values) for lever, values in reach if tries((lever, values[-1])) != now]
    singles = [(lever, values, place) for lever, values in moving for place in range(len(values))]
    for lever, values, place in sorted(singles, key=lambda one: (one[2] + 1) * PPM // one[0].steps):
        if not tries((lever, values[place])):
            return _change(facts, [(lever, values, place)])
    nearer = [(lever, values[: _best(tries, lever, values) + 1]) for lever, values in moving]
    still = [one for one in reach if one not in moving]
    for pair in sorted(combinations([*nearer, *still], 2), key=lambda pair: _left_by_both(tries, pair)):
        found = _both(tries, pair)
        if found is not None:
            return _change(facts, [(lever, values, place) for (lever, values), place in zip(pair, found, strict=True)])
    return None


Reach: TypeAlias = tuple[Lever, list[Any]]


def _best(tries: _Tries, lever: Lever, values: list[Any]) -> int:
    """Return the farthest place at which the least stands in the way."""
    return max(range(len(values)), key=lambda place: (-len(tries((lever, values[place]))), place))


def _left_by_both(tries: _Tries, pair: tuple[Reach, Reach]) -> int:
    (left, lefts), (right, rights) = pair
    return len(tries((left, lefts[-1])) & tries((right, rights[-1])))


def _both(tries: _Tries, pair: tuple[Reach, Reach]) -> tuple[int, int] | None:
    """Return the places of the least of both levers that is still a yes, from the farthest of both; None for no yes."""
    (left, lefts), (right, rights) = pair

    def yes(one: int, other: int) -> bool:
        return not tries((left, lefts[one]), (right, rights[other]))

    one, other = len(lefts) - 1, len(rights) - 1
    if not yes(one, other):
        return None
    while one and yes(one - 1, other):
        one -= 1
    while other and yes(one, other - 1):
        other -= 1
    return one, other


def _change(facts: Facts, found: Sequence[tuple[Lever, list[Any], int]]) -> Change:
    steps = tuple(Step(lever, lever.now(facts), values[place]) for lever, values, place in found)
    return Change(steps, sum((place + 1) * PPM // lever.steps for lever, _, place in found))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
