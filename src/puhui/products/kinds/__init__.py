"""Repayment methods, one module each. Adding one: a module with a `KIND`, a line here, rows in tests/tables."""

from puhui.kernel.refusals import declare
from puhui.products.kinds import (
    annuity,
    balloon,
    bullet,
    custom,
    equal_principal,
    flat,
    interest_only,
    revolving,
    seasonal,
    step,
)
from puhui.products.kinds.kind import OPTIONAL_FIELDS, Kind
from puhui.products.terms import TERMS_INVALID, Terms

METHOD_UNKNOWN = declare(
    "METHOD_UNKNOWN",
    422,
    "method 未知：{value}。可选：{known}。",
    "method is unknown: {value}. Known: {known}.",
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        annuity.KIND,
        equal_principal.KIND,
        flat.KIND,
        interest_only.KIND,
        bullet.KIND,
        balloon.KIND,
        seasonal.KIND,
        step.KIND,
        custom.KIND,
        revolving.KIND,
    )
}


def kind_of(terms: Terms) -> Kind:
    """Return the repayment method of the terms.

    Refuses METHOD_UNKNOWN; TERMS_INVALID for a field that the method needs and lacks, or has no use for.
    """
    kind = KINDS.get(terms.method)
    if kind is None:
        raise METHOD_UNKNOWN.refuse("method", value=terms.method, known=", ".join(KINDS))
    for field, default in OPTIONAL_FIELDS.items():
        if getattr(terms, field) != default and field not in kind.fields:
            raise TERMS_INVALID.refuse(field, problem=kind.no_use())
    kind.check(terms)
    return kind
