"""Provisions: what is held against expected losses, what the night adds, and the ratios that supervisors look at."""

from datetime import date

from puhui.kernel.columns import Ints
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div
from puhui.rulebook.book import Rulebook
from puhui.rulebook.operators import CLASSES


def charge_minor(needed_minor: Ints, held_minor: Ints) -> Ints:
    """Return what is to be provided (more than 0) or released (less): needed - held.

    >>> charge_minor(500, 420), charge_minor(500, 730)
    (80, -230)
    """
    return needed_minor - held_minor


def share_ppm(part_minor: int, whole_minor: int) -> int | None:
    """Return part / whole in ppm, rounded half up; None where there is nothing to take a share of.

    Bad loans of all loans, provisions of loans (贷款拨备率), provisions of bad loans (拨备覆盖率).

    >>> share_ppm(150, 100), share_ppm(1, 0) is None
    (1500000, True)
    """
    return round_div(part_minor * PPM, whole_minor) if whole_minor > 0 else None


def specific_bounds_ppm(day: date, rulebook: Rulebook) -> tuple[tuple[int, int], ...]:
    """Return the least and most specific provision rate of each class, in the order of CLASSES.

    Source: PROV.SPECIAL. Refuses RULE_NOT_IN_FORCE.
    """
    bounds = dict(rulebook.limit("PROV.SPECIAL", day, "specific_rate_ppm"))
    return tuple(tuple(bounds[name]) for name in CLASSES)


def below_reference_minor(exposures_minor: Ints, provisions_minor: Ints, least_ppm: Ints) -> Ints:
    """Return by how much the provision of a class lies below its reference rate, 0 when it does not.

    The reference, least_ppm of the exposure, is rounded up, towards more provision.

    >>> below_reference_minor(10_001, 200, 20_000), below_reference_minor(10_000, 200, 20_000)
    (1, 0)
    """
    short_minor = -(-exposures_minor * least_ppm // PPM) - provisions_minor
    return short_minor * (short_minor > 0)
