"""What the money services share: locks, input checks, numbers, and facts recorded on the way."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.scoping import SYSTEM, Viewer
from billing.models import Milestone, NumberSequence
from billing.terms import money_terms
from contracts.errors import Refused
from contracts.models import Contract, Fact
from contracts.money_fields import refuse_too_large
from contracts.services.facts import fact_names, fact_record
from engine.money import LARGEST_AMOUNT, minor_units
from obligations.services.evaluation import contract_locked, facts_changed
from obligations.services.findings import done_withdraw

REFERENCE = re.compile(r"[0-9A-Z][0-9A-Z./-]{3,79}")


def actor_id(actor: Viewer) -> int:
    """The person acting. Money needs one: raises Refused for the system viewer."""
    if actor.user_id is None:
        raise Refused(_("A person must do this; sign in."))
    return actor.user_id


def lock_milestone(milestone: Milestone) -> Milestone:
    """The milestone with its contract and obligation, locked until the transaction ends. The contract's row is locked
    first, as everybody does who changes facts or obligations: money and dates of one contract follow one another."""
    contract = contract_locked(milestone.contract_id)
    rows = Milestone.objects.select_for_update(of=("self",)).select_related("obligation")
    locked: Milestone = rows.get(pk=milestone.pk)
    locked.contract = contract
    return locked


def clean_amount(amount: Decimal, *, contract: Contract, zero: bool = False) -> Decimal:
    """A positive amount (or, with `zero`, none) in whole minor units of the contract's currency, up to the largest that
    is kept exactly; anything else is refused, never rounded."""
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise Refused(_("Enter the amount in figures."), "amount") from error
    if not value.is_finite() or value < 0 or (value == 0 and not zero):
        raise Refused(_("Enter an amount above zero."), "amount")
    refuse_too_large(value, LARGEST_AMOUNT, "amount")
    digits = minor_units(contract.currency)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        raise Refused(_("The amount has too many decimals. Enter it exactly."), "amount")
    return value


def clean_reference(text: str) -> str:
    """A number as people copy it from paper: full-width characters and inner blanks do not make it another one."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def bank_reference_of(text: str) -> str:
    """A bank's reference as printed. Raises Refused for anything that cannot be one."""
    reference = clean_reference(text)
    if not REFERENCE.fullmatch(reference):
        raise Refused(
            _("Enter the bank's reference as printed: 4 to 80 digits, letters, dots, strokes."), "bank_reference"
        )
    return reference


def clean_text(text: str, field: str, required: str, limit: int = 160) -> str:
    """One line without outer blanks; `required` is the sentence to refuse an empty one with."""
    line = " ".join(text.split())
    if not line:
        raise Refused(required, field)
    if len(line) > limit:
        raise Refused(_("The text is longer than %(limit)s characters. Shorten it.") % {"limit": limit}, field)
    return line


def clean_note(note: str, *, required: str = "") -> str:
    """The note without outer blanks; `required` is the sentence to refuse an empty one with."""
    text = note.strip()
    if required and len(text) < 2:
        raise Refused(required, "note")
    if len(text) > 1000:
        raise Refused(_("The note is longer than 1,000 characters. Shorten it."), "note")
    return text


def next_number(contract: Contract, series: str, prefix: str, year: int) -> str:
    """Take the next number of a series, e.g. "X1-A-2026-0001". The series stays locked until the transaction ends."""
    key: dict[str, Any] = {"contract": contract, "series": series, "year": year}
    try:
        with transaction.atomic():
            NumberSequence.objects.get_or_create(**key)
    except IntegrityError:
        pass  # another transaction made the row first; it is read below
    sequence = NumberSequence.objects.select_for_update().get(**key)
    sequence.last += 1
    sequence.save(update_fields=("last",))
    return f"{contract.number}-{prefix}-{year}-{sequence.last:04d}"


def record_fact(contract: Contract, *, actor: Viewer, cause: str, today: date, **fact: Any) -> Fact:
    """Record a fact that follows from a money step and re-evaluate what depends on it, in the caller's transaction.

    The step itself was policy-checked, done by two people and journalled under the person's name; the fact that follows
    from it is the system's entry and needs no further confirmation.
    """
    recorded = fact_record(actor=SYSTEM, contract=contract, **fact)
    facts_changed(contract, fact_names(recorded), actor=actor, cause=cause, as_of=today)
    return recorded


def settle_duty(milestone: Milestone, *, actor: Viewer, on: date, today: date, cause: str, note: str) -> None:
    """Keep the duty to pay in step with the money: done on `on` once payments and deductions cover the amount, open
    again once they no longer do."""
    settled = milestone.paid + milestone.deducted >= milestone.amount
    contract, subject = milestone.contract, f"duty:{milestone.obligation.duty}"
    known = (
        Fact.objects.filter(
            contract=contract,
            kind=Fact.Kind.ATTRIBUTE,
            name="done",
            subject=subject,
            state=Fact.State.CONFIRMED,
            superseded_by=None,
        )
        .exclude(value=None)
        .order_by("-known_at", "-pk")
        .first()
    )
    if settled and known is None:
        record_fact(
            contract,
            actor=actor,
            cause=cause,
            today=today,
            kind=Fact.Kind.ATTRIBUTE,
            name="done",
            subject=subject,
            value=on.isoformat(),
            note=note[:1000],
        )
    elif known is not None and not settled:
        withdrawn = done_withdraw(actor=SYSTEM, fact=known, reason=note or cause)
        facts_changed(contract, fact_names(withdrawn), actor=actor, cause=cause, as_of=today)


def payments_changed(contract: Contract, *, actor: Viewer, cause: str, today: date) -> None:
    """Compute anew what depends on what was paid: rules over payments, and delays that end with one."""
    kind = money_terms(contract).hold_kind
    names = {"item.payment"} | ({f"item.{kind}"} if kind else set())
    facts_changed(contract, names, actor=actor, cause=cause, as_of=today)
