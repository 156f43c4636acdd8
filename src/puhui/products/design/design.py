"""The design of plans for one wish, or the refusal that says what binds and what would fit.

A refusal never guesses: see `binding`.
"""

from collections.abc import Collection, Mapping

from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal, declare
from puhui.products.definition import catalogue
from puhui.products.definition_fields import Definition
from puhui.products.design.binding import Binding, Board, Said, what_binds
from puhui.products.design.candidates import families, options
from puhui.products.design.choose import Design, Judge, best_of_each
from puhui.products.design.need import Need
from puhui.products.design.offered import offered_to
from puhui.rulebook.book import Rulebook
from puhui.rulebook.loader import default_rulebook

NO_PLAN_FITS = declare(
    "NO_PLAN_FITS",
    422,
    "没有合适的方案。限制在于：{binds}。可行的改法：{remedies}。",
    "No plan fits. What binds: {binds}. What would fit: {remedies}.",
)


def design(
    need: Need,
    *,
    products: Mapping[str, Definition] | None = None,
    rulebook: Rulebook | None = None,
    hard: Collection[str] = (),
) -> Design:
    """Return the plans for a wish, by the rules in force on the day of disbursement.

    `products` by id, without them the catalogue; `hard` as in `rulebook.check`. Refuses NO_PLAN_FITS (its details
    hold a Binding as `binding`), PRODUCT_UNKNOWN, PLACE_UNKNOWN.
    """
    offered, left_out = offered_to(need, catalogue() if products is None else products)
    judge = Judge(need, rulebook or default_rulebook(), hard)
    made = families(need, offered)
    in_time = [one for one in made if need.most_months is None or one.least_months <= need.most_months]
    found = options(need, in_time)
    proposals = tuple(best_of_each(need, found, judge))
    if not proposals:
        raise _refusal(what_binds(need, Board(offered, left_out, made, found), judge))
    return Design(need, proposals, tuple(left_out))


def _refusal(binding: Binding) -> Refusal:
    def joined(said: tuple[Said, ...]) -> Text:
        if not said:
            return Text("无", "none")
        return Text("；".join(one.text.zh for one in said), "; ".join(one.text.en for one in said))

    fields = tuple(dict.fromkeys(_FIELDS[one.code] for one in binding.binds))
    return NO_PLAN_FITS.refuse(*fields, binds=joined(binding.binds), remedies=joined(binding.remedies), binding=binding)


_FIELDS = {
    "product": "products",
    "amount": "amount_minor",
    "cash": "cash_minor",
    "income": "income_minor",
    "together": "income_minor",
    "months": "most_months",
    "rule": "products",
}
