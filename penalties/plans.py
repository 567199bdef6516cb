"""From the definition's settlement sinks to what each can give now."""

from __future__ import annotations

from decimal import Decimal

from billing.models import Milestone
from contracts.selectors import definition_for
from engine.definition import Definition
from penalties.models import PenaltyCase
from penalties.rules import Source


def settling_pool(definition: Definition, case: PenaltyCase) -> str:
    """The pool whose sinks settle the case: the nearest one, from its own upwards, that names any; "" if none does."""
    kind, _colon, name = case.target.partition(":")
    own = [name] if kind == "pool" else []
    above = [label.partition("/")[0] for label in case.pools]
    known = [pool for pool in (*own, *above) if pool in definition.pools]
    return next((pool for pool in known if definition.pools[pool].data.get("settle")), "")


def sources_of(case: PenaltyCase) -> tuple[Source, ...]:
    """The sources in the definition's order, with what each can give; the vendor's own payment covers the rest. A
    security is drawn by its own procedure and gives nothing here; without sinks the vendor pays all."""
    definition = definition_for(case.contract)
    pool = settling_pool(definition, case)
    sources = []
    for sink in definition.pools[pool].data["settle"] if pool else ():
        kind, _dot, name = str(sink["sink"]).partition(".")
        if kind == "instalment":
            milestone = Milestone.objects.filter(contract_id=case.contract_id, code=name).first()
            if milestone is not None:
                sources.append(Source(f"instalment:{name}", _room(milestone, case)))
    return (*sources, Source("vendor"))


def _room(milestone: Milestone, case: PenaltyCase) -> Decimal:
    """What of the instalment is open, counting what is frozen for this very case."""
    own = milestone.freezes.filter(source_key=f"penalty:{case.number}", lifted_at=None).values_list("amount", flat=True)
    room: Decimal = milestone.amount - milestone.committed - milestone.deducted - milestone.frozen + sum(own)
    return max(Decimal(0), room)
