"""Deductions from instalments and amounts frozen before a decision. A deduction is corrected by its counter-entry."""

from __future__ import annotations

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Deduction, Freeze, Liability, Milestone
from billing.services.common import actor_id, clean_amount, clean_note, lock_milestone, next_number, settle_duty
from billing.services.liabilities import liability_locked, settle_from
from contracts.errors import Refused
from contracts.models import Contract
from contracts.selectors import today_for


def _refuse_above(amount: Decimal, milestone: Milestone) -> None:
    if amount > milestone.open_amount:
        raise Refused(
            _("%(amount)s is more than what is open of %(title)s (%(left)s): the rest is applied for, paid or held.")
            % {"amount": amount, "title": milestone.title, "left": milestone.open_amount},
            "amount",
        )


def deduction_add(
    *,
    actor: Viewer,
    liability: Liability,
    milestone: Milestone,
    amount: Decimal,
    note: str = "",
    decided_by: int | None = None,
) -> Deduction:
    """Take part of a liability off an instalment. Two people answer for it: the actor, and whoever decided it
    (`decided_by`, a user id: the proposer of this settlement; otherwise the person who decided the liability).

    An instalment settled wholly by payments and deductions is done on this day. Raises Refused for the same person,
    another contract, a liability that may not be deducted, or more than is left of either.
    """
    require(actor, "deduction.add", liability)
    remark = clean_note(note)
    with transaction.atomic():
        target = lock_milestone(milestone)
        source = liability_locked(liability)
        contract = target.contract
        if source.contract_id != target.contract_id:
            raise Refused(_("The liability belongs to another contract."), "milestone")
        if not source.deductible:
            raise Refused(_("The contract lets this liability be claimed, not deducted. Add a separate claim."))
        other = decided_by or source.opened_by_id
        if other == actor_id(actor):
            raise Refused(_("You decided this liability. Somebody else must deduct it."))
        value = clean_amount(amount, contract=contract)
        _refuse_above(value, target)
        settle_from(source, "deducted", value)
        today = today_for(contract)
        deduction = Deduction.objects.create(
            contract=contract,
            liability=source,
            milestone=target,
            number=next_number(contract, "deduction", "D", today.year),
            amount=value,
            note=remark,
            decided_by_id=other,
            deducted_on=today,
            added_by_id=actor_id(actor),
            added_at=timezone.now(),
        )
        target.deducted += value
        target.save(update_fields=("deducted",))
        journal.record(
            actor,
            "deduction.add",
            deduction,
            chain=journal.contract_chain(contract.pk),
            after={"amount": value, "milestone": target.code, "liability": source.source_key, "clause": source.clause},
            reason=remark,
        )
        settle_duty(target, actor=actor, on=today, today=today, cause=f"deduction:{deduction.pk}", note=source.title)
        return deduction


def deduction_reverse(*, actor: Viewer, deduction: Deduction, note: str) -> Deduction:
    """Take a deduction back by a counter-entry, never by whoever deducted. The amount is owed again, the liability is
    open again, and a milestone that was settled by it is open again. Raises Refused without a reason or when it was
    reversed before."""
    require(actor, "deduction.reverse", deduction)
    reason = clean_note(note, required=_("Say why the deduction is taken back: it is kept with the counter-entry."))
    again = _("This deduction has been taken back already. Load the page to see the counter-entry.")
    with transaction.atomic():
        target = lock_milestone(deduction.milestone)
        source = liability_locked(deduction.liability)
        row = Deduction.objects.get(pk=deduction.pk)
        if row.reverses_id is not None:
            raise Refused(_("A counter-entry is not taken back. Deduct again instead."))
        if row.added_by_id == actor_id(actor):
            raise Refused(_("You made this deduction. Somebody else must take it back."))
        if Deduction.objects.filter(reverses=row).exists():
            raise Refused(again)
        today = today_for(target.contract)
        try:
            with transaction.atomic():
                counter = Deduction.objects.create(
                    contract=target.contract,
                    liability=source,
                    milestone=target,
                    number=next_number(target.contract, "deduction", "D", today.year),
                    amount=-row.amount,
                    reverses=row,
                    note=reason,
                    decided_by_id=row.added_by_id,
                    deducted_on=today,
                    added_by_id=actor_id(actor),
                    added_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(again) from error
        settle_from(source, "deducted", -row.amount)
        target.deducted -= row.amount
        target.save(update_fields=("deducted",))
        journal.record(
            actor,
            "deduction.reverse",
            counter,
            chain=journal.contract_chain(target.contract_id),
            before={"deduction": row.number},
            after={"amount": counter.amount},
            reason=reason,
        )
        settle_duty(target, actor=actor, on=today, today=today, cause=f"deduction:{counter.pk}", note=reason)
        return counter


def freeze_set(
    *, actor: Viewer, contract: Contract, source_key: str, milestone: Milestone, amount: Decimal, note: str = ""
) -> Freeze:
    """Hold part of an instalment back until a liability is decided: it may not be applied for, nor is it deducted. The
    same key with the same amount changes nothing; with another one it replaces the freeze in force. Raises Refused
    above what is open of the instalment."""
    require(actor, "freeze.keep", milestone)
    remark = clean_note(note)
    with transaction.atomic():
        target = lock_milestone(milestone)
        if target.contract_id != contract.pk:
            raise Refused(_("The instalment belongs to another contract."), "milestone")
        value = clean_amount(amount, contract=target.contract)
        held: Freeze | None = Freeze.objects.filter(milestone=target, source_key=source_key, lifted_at=None).first()
        if held is not None:
            if held.amount == value:
                return held
            _lift(held, target, actor=actor, reason=remark)
        _refuse_above(value, target)
        freeze = Freeze.objects.create(
            contract=target.contract,
            milestone=target,
            source_key=source_key[:160],
            amount=value,
            note=remark,
            set_by_id=actor_id(actor),
            set_at=timezone.now(),
        )
        target.frozen += value
        target.save(update_fields=("frozen",))
        journal.record(
            actor,
            "freeze.set",
            freeze,
            chain=journal.contract_chain(target.contract_id),
            after={"amount": value, "milestone": target.code, "source_key": source_key},
            reason=remark,
        )
        return freeze


def freeze_lift(*, actor: Viewer, contract: Contract, source_key: str, note: str = "") -> int:
    """Lift every freeze in force under the key; how many there were (0 changes nothing)."""
    require(actor, "freeze.keep", contract)
    reason = clean_note(note)
    with transaction.atomic():
        rows = Freeze.objects.filter(contract=contract, source_key=source_key, lifted_at=None)
        held = list(rows.select_related("milestone").order_by("milestone_id"))
        for freeze in held:
            target = lock_milestone(freeze.milestone)
            current = Freeze.objects.filter(pk=freeze.pk, lifted_at=None).first()
            if current is not None:
                _lift(current, target, actor=actor, reason=reason)
        return len(held)


def _lift(freeze: Freeze, milestone: Milestone, *, actor: Viewer, reason: str) -> None:
    freeze.lifted_by_id, freeze.lifted_at, freeze.lift_note = actor_id(actor), timezone.now(), reason
    freeze.save(update_fields=("lifted_by", "lifted_at", "lift_note"))
    milestone.frozen -= freeze.amount
    milestone.save(update_fields=("frozen",))
    journal.record(
        actor,
        "freeze.lift",
        freeze,
        chain=journal.contract_chain(milestone.contract_id),
        before={"amount": freeze.amount},
        reason=reason,
    )
