"""The routes, one module a resource. `ALL` is the whole interface, in the order it is shown."""

from puhui.api import sessions
from puhui.api.routes import (
    applications,
    approvals,
    configuration,
    decisions,
    dossiers,
    events,
    keys,
    ledger,
    loan_facts,
    loans,
    nights,
    parties,
    proofs,
    quotes,
    schedules,
    webhooks,
)
from puhui.api.routing import Routes

ALL: tuple[Routes, ...] = (
    loans.routes,
    loan_facts.routes,
    quotes.routes,
    schedules.routes,
    parties.routes,
    dossiers.routes,
    applications.routes,
    decisions.routes,
    ledger.routes,
    nights.routes,
    proofs.routes,
    events.routes,
    webhooks.routes,
    keys.routes,
    approvals.routes,
    configuration.routes,
    sessions.routes,
)
