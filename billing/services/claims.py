"""What the vendor pays by a transfer of its own, because no instalment is left to deduct it from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Liability, Milestone, SeparateClaim
from billing.services.common import actor_id, bank_reference_of, clean_amount, clean_note, next_number
from billing.services.liabilities import liability_locked, settle_from
from billing.services.references import reference_once
from contracts.errors import Refused
from contracts.selectors import today_for
from obligations.services.deadlines import Deadline, deadline_keep

State = SeparateClaim.State


def _room_in_last(liability: Liability) -> Decimal:
    """What could still be deducted from the final instalment."""
    last: Milestone | None = Milestone.objects.filter(contract_id=liability.contract_id).order_by("-position").first()
    if last is None or not liability.deductible:
        return Decimal(0)
    return last.open_amount


def separate_claim_add(
    *, actor: Viewer, liability: Liability, amount: Decimal, due_on: date, note: str, out_of_order: bool = False
) -> SeparateClaim:
    """Claim part of a liability to be paid by `due_on`: the contract sets no day, so a person does and says why.

    The final instalment comes first: while some of it is open a deductible liability is not claimed separately, unless
    `out_of_order` (the definition's settlement or a person says so in `note`). Raises Refused.
    """
    require(actor, "claim.keep", liability)
    remark = clean_note(note, required=_("Say how the day was set: the contract names none."))
    with transaction.atomic():
        source = liability_locked(liability)
        value = clean_amount(amount, contract=source.contract)
        today = today_for(source.contract)
        if due_on < today:
            raise Refused(_("The day to pay by lies in the past. Set one the vendor can keep."), "due_on")
        left = _room_in_last(source)
        if left > 0 and not out_of_order:
            raise Refused(
                _("%(left)s can still be deducted from the final instalment. Deduct that first.") % {"left": left},
                "amount",
            )
        settle_from(source, "claimed", value)
        claim = SeparateClaim.objects.create(
            contract=source.contract,
            liability=source,
            number=next_number(source.contract, "claim", "C", today.year),
            amount=value,
            due_on=due_on,
            note=remark,
            added_by_id=actor_id(actor),
            added_at=timezone.now(),
        )
        journal.record(
            actor,
            "claim.add",
            claim,
            chain=journal.contract_chain(source.contract_id),
            after={"amount": value, "due_on": due_on, "liability": source.source_key},
            reason=remark,
        )
        _deadline(claim, source, actor=actor)
        return claim


def _deadline(claim: SeparateClaim, source: Liability, *, actor: Viewer) -> None:
    """The day to pay by is an obligation of the vendor, with its reminders; set by a person, never a breach."""
    deadline = Deadline(
        "claim.payment",
        claim.number,
        _("Pay the claim %(number)s: %(title)s") % {"number": claim.number, "title": source.title},
        source.clause,
        "vendor",
        claim.due_on,
        amount=claim.amount,
        done_on=claim.settled_on,
        over=claim.state == State.WITHDRAWN,
    )
    deadline_keep(source.contract, deadline, actor=actor, cause=f"claim:{claim.number}")


def _open(claim: SeparateClaim) -> tuple[Liability, SeparateClaim]:
    source = liability_locked(claim.liability)
    row = SeparateClaim.objects.select_for_update(of=("self",)).get(pk=claim.pk)
    if row.state != State.OPEN:
        raise Refused(_("This claim is closed already. Load the page to see how."))
    return source, row


def separate_claim_settle(
    *, actor: Viewer, claim: SeparateClaim, settled_on: date, bank_reference: str, note: str = ""
) -> SeparateClaim:
    """Record that the vendor's transfer came in. Raises Refused when it is closed, for a date after today, or a bank
    reference recorded before."""
    require(actor, "claim.keep", claim)
    reference = bank_reference_of(bank_reference)
    with transaction.atomic():
        source, row = _open(claim)
        if settled_on > today_for(source.contract):
            raise Refused(_("The day lies in the future. Enter the day the money came in."), "settled_on")
        row.state, row.settled_on, row.bank_reference = State.SETTLED, settled_on, reference
        with reference_once():
            _close(row, actor=actor, note=note)
        journal.record(
            actor,
            "claim.settle",
            row,
            chain=journal.contract_chain(source.contract_id),
            before={"state": State.OPEN},
            after={"amount": row.amount, "settled_on": settled_on, "bank_reference": reference},
            reason=row.closing_note,
        )
        _deadline(row, source, actor=actor)
        return row


def separate_claim_withdraw(*, actor: Viewer, claim: SeparateClaim, note: str) -> SeparateClaim:
    """Take an open claim back; its amount of the liability is open again. Raises Refused without a reason."""
    require(actor, "claim.keep", claim)
    reason = clean_note(note, required=_("Say why the claim is withdrawn: the vendor reads it."))
    with transaction.atomic():
        source, row = _open(claim)
        row.state = State.WITHDRAWN
        _close(row, actor=actor, note=reason)
        settle_from(source, "claimed", -row.amount)
        journal.record(
            actor,
            "claim.withdraw",
            row,
            chain=journal.contract_chain(source.contract_id),
            before={"state": State.OPEN},
            after={"amount": row.amount},
            reason=reason,
        )
        _deadline(row, source, actor=actor)
        return row


def _close(row: SeparateClaim, *, actor: Viewer, note: str) -> None:
    row.closed_by_id, row.closed_at, row.closing_note = actor_id(actor), timezone.now(), clean_note(note)
    row.save(
        update_fields=("state", "settled_on", "bank_reference", "closed_by", "closed_at", "closing_note"),
    )
