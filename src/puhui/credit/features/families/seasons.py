"""Seasons: how much of a year its best months bring, how far the months are apart, when the best one comes next."""

from puhui.credit.features.formulas import Formula, best_months_share, months_to_peak, season_amplitude


def _season(stream: str) -> dict[str, Formula]:
    return {
        f"{stream}_best3_share": best_months_share(stream),
        f"{stream}_amplitude": season_amplitude(stream),
        f"{stream}_months_to_peak": months_to_peak(stream),
    }


FORMULAS = {
    **_season("income"),
    **_season("sale"),
    **_season("invoice_sold"),
    **_season("farm_harvest"),
}
