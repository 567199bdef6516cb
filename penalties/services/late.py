"""The vendor's late duties that no rule of the contract puts a price on: clues without an amount."""

from __future__ import annotations

from django.db.models import F, Q

from engine.language import syntax as s
from obligations.models import Obligation
from penalties.outcomes import Outcome
from penalties.reckoning import Basis


def _priced(basis: Basis) -> frozenset[str]:
    """The duties whose breaches a rule assesses."""
    found = set()
    for rule in basis.definition.rules.values():
        for binding in rule.bindings:
            for node in binding.source.walk():
                if isinstance(node, s.Ref) and node.kind == "duty":
                    found.add(node.name)
    return frozenset(found)


def late_outcomes(basis: Basis) -> tuple[Outcome, ...]:
    """One outcome per obligation of the vendor that is late by the contract (not by an internal target)."""
    late = (
        Obligation.objects.filter(contract=basis.contract, obligor="vendor", kind="contractual", due_state="known")
        .filter(gate_open=True, gate_late=False)
        .filter(
            Q(done_on=None, state="open", due_on__lt=basis.as_of)
            | Q(done_on__gt=F("due_on"))
            | Q(done_at__gt=F("due_at"))
        )
        .exclude(duty__in=_priced(basis))
        # a claim's own day is no duty of the contract
        .exclude(duty__contains=".")
        .order_by("duty", "key_text")
    )
    return tuple(
        Outcome(
            target=f"duty:{row.duty}",
            key=dict(row.key),
            title=row.title,
            clause=row.clause,
            unit=basis.definition.contract.currency,
            state="pending",
            low=None,
            high=None,
            rows=(),
            because=(f"duty:{row.duty}/{row.key_text}".rstrip("/"),),
            happened_on=row.due_on,
        )
        for row in late
    )
