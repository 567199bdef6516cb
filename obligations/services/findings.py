"""The finding "done" of a duty's instance: how an accepted report becomes a fact, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from accounts.scoping import Viewer
from contracts.models import Contract, Evidence, Fact
from contracts.services.facts import fact_record
from obligations.models import Obligation


def subject_of(obligation: Obligation) -> str:
    """The instance as a finding addresses it: "duty:dl_2/2025-W27"."""
    return f"duty:{obligation.duty}/{obligation.key_text}".rstrip("/")


def _on_behalf(actor: Viewer) -> Viewer:
    """The person's act was allowed by the review; the entry that follows from it is the system's, in their name."""
    return replace(actor, is_system=True)


def done_record(
    *,
    actor: Viewer,
    contract: Contract,
    obligation: Obligation,
    done_on: date,
    evidence: Iterable[Evidence] = (),
    note: str = "",
) -> Fact:
    """Record that the duty's instance was done on that day. The caller re-evaluates."""
    return fact_record(
        actor=_on_behalf(actor),
        contract=contract,
        kind=Fact.Kind.ATTRIBUTE,
        name="done",
        subject=subject_of(obligation),
        happened_on=done_on,
        value=done_on.isoformat(),
        note=note or _("Accepted report"),
        evidence=list(evidence),
    )


def done_fact_of(obligation: Obligation) -> Fact | None:
    """The finding in force, if the duty is done by one (and not by an event or another item's attribute)."""
    return (
        Fact.objects.filter(
            contract_id=obligation.contract_id,
            kind=Fact.Kind.ATTRIBUTE,
            name="done",
            subject=subject_of(obligation),
            state=Fact.State.CONFIRMED,
            superseded_by=None,
        )
        .exclude(value=None)
        .order_by("-known_at", "-pk")
        .first()
    )


def done_withdraw(*, actor: Viewer, fact: Fact, reason: str) -> Fact:
    """Take the finding back by a counter-fact without a value. The caller re-evaluates."""
    return fact_record(
        actor=_on_behalf(actor),
        contract=fact.contract,
        kind=fact.kind,
        name=fact.name,
        subject=fact.subject,
        value=None,
        note=reason[:1000],
        supersedes=fact,
    )
