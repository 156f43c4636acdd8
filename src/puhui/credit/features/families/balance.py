"""Balance: what lies ready, how low it falls, how long it would last."""

from puhui.credit.features.formulas import least, mean_month, most, state, total

FORMULAS = {
    "balance_last": state("balance"),
    "balance_mean_3m": total("balance", oldest=3).each(total("balance", "n", 3)),
    "balance_mean_12m": total("balance").each(total("balance", "n")),
    "balance_least_3m": least("balance", "least_minor", 3),
    "balance_least_12m": least("balance", "least_minor"),
    "balance_most_12m": most("balance", "most_minor"),
    "balance_empty_share_12m": total("balance", "low_n").per(total("balance", "n")),
    "balance_buffer_months": state("balance").per(mean_month("spending")),
}
