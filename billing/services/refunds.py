"""Paying back what the vendor paid itself, or what its guarantee paid for it: approved with the lower amount of the
liability, transferred afterwards. The claim stays on record; the refund stands against it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Refund, SecurityClaim, SeparateClaim
from billing.services.common import actor_id, bank_reference_of, clean_amount, clean_note, next_number
from billing.services.liabilities import liability_draw, liability_locked, settle_from
from billing.services.references import reference_once
from contracts.errors import Refused
from contracts.selectors import today_for


def refundable(claim: SeparateClaim | SecurityClaim) -> Decimal:
    """What of a met claim may still go back: what came in less earlier refunds; nothing while it is not met."""
    if isinstance(claim, SeparateClaim):
        received = claim.amount if claim.state == SeparateClaim.State.SETTLED else Decimal(0)
    else:
        received = Decimal(0) if claim.keeps or _countered(claim) else claim.paid
    return received - sum(claim.refunds.values_list("amount", flat=True), Decimal(0))


def _countered(claim: SecurityClaim) -> bool:
    return claim.movements.filter(countered_by__isnull=False).exists()


def refund_add(
    *, actor: Viewer, claim: SeparateClaim | SecurityClaim, amount: Decimal, note: str, ordered_by: int
) -> Refund:
    """Order that part of a met claim goes back to the vendor, in the transaction that lowers the liability.

    `ordered_by` is the person who proposed it, never the actor. Raises Refused without a reason, or above what came in
    and has not gone back.
    """
    require(actor, "refund.approve", claim)
    reason = clean_note(note, required=_("Say why the money goes back: the vendor reads it."))
    if claim.liability is None:
        raise Refused(_("This claim does not rest on a liability."))
    with transaction.atomic():
        source = liability_locked(claim.liability)
        value = clean_amount(amount, contract=source.contract)
        left = refundable(claim)
        if value > left:
            raise Refused(
                _("%(amount)s is more than what came in on this claim and has not gone back (%(left)s).")
                % {"amount": value, "left": left},
                "amount",
            )
        if ordered_by == actor_id(actor):
            raise Refused(_("You proposed this. Somebody else must approve it."))
        countered: dict[str, Any] = {"claim": claim}
        if isinstance(claim, SeparateClaim):
            settle_from(source, "claimed", -value)
        else:
            liability_draw(source, -value)
            countered = {"security_claim": claim}
        refund: Refund = Refund.objects.create(
            contract=source.contract,
            liability=source,
            **countered,
            number=next_number(source.contract, "refund", "R", today_for(source.contract).year),
            amount=value,
            note=reason,
            ordered_by_id=ordered_by,
            approved_by_id=actor_id(actor),
            approved_at=timezone.now(),
        )
        journal.record(
            actor,
            "refund.approve",
            refund,
            chain=journal.contract_chain(source.contract_id),
            after={"amount": value, "claim": claim.number, "liability": source.source_key},
            reason=reason,
        )
        return refund


def refund_pay(*, actor: Viewer, refund: Refund, paid_on: date, bank_reference: str) -> Refund:
    """Record that a refund was transferred; never by whoever approved it. Raises Refused when it was paid before, for a
    day after today or before the money came in, or a bank reference recorded before."""
    require(actor, "refund.pay", refund)
    reference = bank_reference_of(bank_reference)
    with transaction.atomic():
        source = liability_locked(refund.liability)
        rows = Refund.objects.select_for_update(of=("self",)).select_related("claim", "security_claim")
        row: Refund = rows.get(pk=refund.pk)
        if row.state != Refund.State.OPEN:
            raise Refused(_("This refund has been paid already. Load the page to see when."))
        if row.approved_by_id == actor_id(actor):
            raise Refused(_("You approved this refund. Somebody else must record its transfer."))
        if paid_on > today_for(source.contract):
            raise Refused(_("The day lies in the future. Enter the day the money went out."), "paid_on")
        came_in = row.came_in_on
        if came_in is not None and paid_on < came_in:
            raise Refused(
                _("The day lies before the money came in (%(day)s). Check the date.") % {"day": came_in.isoformat()},
                "paid_on",
            )
        row.state, row.paid_on, row.bank_reference = Refund.State.PAID, paid_on, reference
        row.paid_by_id, row.paid_at = actor_id(actor), timezone.now()
        with reference_once():
            row.save(update_fields=("state", "paid_on", "bank_reference", "paid_by", "paid_at"))
        journal.record(
            actor,
            "refund.pay",
            row,
            chain=journal.contract_chain(source.contract_id),
            before={"state": Refund.State.OPEN},
            after={"amount": row.amount, "paid_on": paid_on, "bank_reference": reference},
        )
        return row
