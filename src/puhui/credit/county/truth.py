"""Ground truth of the simulated county (模拟县): the true PD of each application, and what became of it.

    log-odds = a + risk of the group
               - 0.75 willingness - 0.50 stability - 0.45 ability - 0.25 drift
               + 0.70 clip((burden - 0.40) / 0.20, -1.5, 3)
               + 0.80 shock of the last 6 months (0.40 of months 7 to 12 back)
    burden = (instalment + debt service) / mean true income of the 12 months before
    PD (90 days past due within 12 months) = 1 / (1 + exp(-log-odds)), kept within 0.05 % and 90 %

`a` is solved so that the mean PD of the booked ripe loans is the setting's bad rate. The fate is one draw in ppm: it
defaults within 12 months when draw < PD, later when draw < 1.6 PD. So a lower instalment can only mend a fate.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from puhui.credit.county import assumed
from puhui.credit.county.latent import Latents
from puhui.credit.county.setting import CountySetting, Flags, Floats, Wholes, generator
from puhui.credit.county.wishes import Wishes

WILLINGNESS, STABILITY, ABILITY, DRIFT, BURDEN = -0.75, -0.50, -0.45, -0.25, 0.70
FAIR_BURDEN, BURDEN_STEP = 0.40, 0.20
SHOCK_NEAR, SHOCK_FAR = 0.80, 0.40
LEAST_PPM, MOST_PPM = 500, 900_000
MILLION: Final = 1_000_000
# In which month on the books the 90 days are full, for those of the first twelve.
DEFAULT_MONTHS: Final = (4, 5, 6, 7, 8, 9, 10, 11, 12)
DEFAULT_SHARES: Final = (0.12, 0.16, 0.16, 0.13, 0.11, 0.10, 0.08, 0.07, 0.07)
LAST_DEFAULT_MONTH: Final = 24


@dataclass(frozen=True)
class Truth:
    """Columns of one row an application. `rest` are the log-odds without the burden; `default_month` 0: never."""

    rest: Floats
    burden_ppm: Wholes
    pd_ppm: Wholes
    draw_ppm: Wholes
    month_draw_ppm: Wholes
    default_month: Wholes


def make_truth(setting: CountySetting, latents: Latents, wishes: Wishes) -> Truth:
    """Return the truth of every application."""
    rest = _rest(latents, wishes)
    burden = (wishes.instalment_minor + latents.debt_minor[wishes.who]) * MILLION // wishes.income_minor
    counted = wishes.booked & (wishes.state == 0)
    rest = rest + _intercept(rest, burden, counted, setting.bad_rate_ppm)
    pd_ppm = pd_of(rest, burden)
    random = generator(setting, "fate", outcome=True)
    draw, month_draw = random.integers(0, MILLION, (2, len(wishes)))
    month = default_month_of(pd_ppm, draw, month_draw, wishes.term_months)
    return Truth(rest, burden, pd_ppm, draw, month_draw, month)


def pd_of(rest: Floats, burden_ppm: Wholes) -> Wholes:
    """Return the true PD in ppm of log-odds without burden, and the burden.

    >>> int(pd_of(np.array([-2.0]), np.array([400_000]))[0])
    119203
    """
    step = np.clip((burden_ppm / MILLION - FAIR_BURDEN) / BURDEN_STEP, -1.5, 3)
    odds = np.asarray(rest) + BURDEN * step
    return np.clip((MILLION / (1 + np.exp(-odds))).round(), LEAST_PPM, MOST_PPM).astype(np.int64)


def default_month_of(pd_ppm: Wholes, draw_ppm: Wholes, month_draw_ppm: Wholes, term_months: Wholes) -> Wholes:
    """Return the month on the books in which 90 days past due are full; 0 where that never happens.

    Within twelve months when draw < PD; in months 13 to 24, if the loan lasts so long, when draw < 1.6 PD.
    """
    edges = (np.cumsum(DEFAULT_SHARES) * MILLION).round().astype(np.int64)
    early = np.array(DEFAULT_MONTHS)[np.minimum(np.searchsorted(edges, month_draw_ppm, side="right"), len(edges) - 1)]
    late = 13 + month_draw_ppm * (LAST_DEFAULT_MONTH - 12) // MILLION
    # 90 days past due need three instalments missed: a short loan has at least as many, and ends later by as much.
    later = (draw_ppm * 10 < pd_ppm * 16) & (late <= term_months + 3)
    within = np.minimum(early, term_months + 3)
    return np.asarray(np.where(draw_ppm < pd_ppm, within, np.where(later, late, 0)), dtype=np.int64)


def _rest(latents: Latents, wishes: Wishes) -> Floats:
    who = wishes.who
    back = wishes.month - latents.shock_month[who]
    hit = latents.shock[who] > 0
    near = hit & (back >= 1) & (back <= 6)
    far = hit & (back >= 7) & (back <= 12)
    risk = np.array([group.risk for group in assumed.GROUPS])[latents.group[who]]
    traits = (
        WILLINGNESS * latents.willingness[who]
        + STABILITY * latents.stability[who]
        + ABILITY * latents.ability[who]
        + DRIFT * latents.drift[who]
    )
    return np.asarray(risk + traits + SHOCK_NEAR * near + SHOCK_FAR * far)


def _intercept(rest: Floats, burden: Wholes, counted: Flags, bad_rate_ppm: int) -> float:
    """Return what makes the mean PD of the counted ones the bad rate, by halving; 60 steps are exact enough."""
    low, high = -15.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        if pd_of(rest[counted] + middle, burden[counted]).mean() < bad_rate_ppm:
            low = middle
        else:
            high = middle
    return (low + high) / 2
