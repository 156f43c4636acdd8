"""Whom a firm trades with: how many, how concentrated, how new, how many are lost."""

from puhui.credit.features.formulas import (
    Formula,
    concentration,
    new_partners,
    partners,
    recent_partners,
    repeat_partners,
    top_share,
)


def _side(stream: str) -> dict[str, Formula]:
    return {
        f"{stream}_partners_12m": partners(stream),
        f"{stream}_concentration_12m": concentration(stream),
        f"{stream}_top_share_12m": top_share(stream, 1),
        f"{stream}_top5_share_12m": top_share(stream, 5),
        f"{stream}_repeat_share_12m": repeat_partners(stream).per(partners(stream)),
        f"{stream}_new_share_3m": new_partners(stream).per(recent_partners(stream)),
        f"{stream}_lost_share_12m": partners(stream, 3).per(partners(stream)),
    }


FORMULAS = {**_side("invoice_sold"), **_side("invoice_bought")}
