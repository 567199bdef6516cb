"""The fiscal hold: funds are not released, the vendor is told with proof, and once they are released it is paid at
once."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import FiscalHold, Milestone
from billing.services.common import actor_id, clean_note, lock_milestone
from billing.terms import money_terms
from contracts.errors import Refused
from contracts.models import Contract
from contracts.selectors import calendars_for, today_for
from contracts.services.files import Upload, evidence_add
from obligations.services.evaluation import facts_changed

PAY_AT_ONCE = 5  # working days; the house's own target for "at once" (register OB-117), never a contractual date


def _check_day(day: date, *, today: date, earliest: date | None, field: str) -> None:
    if day > today:
        raise Refused(_("The day lies in the future. Enter it once it has come."), field)
    if earliest is not None and day < earliest:
        raise Refused(_("The day lies before %(day)s, when the hold was known.") % {"day": earliest.isoformat()}, field)


def _tell(hold: FiscalHold, contract: Contract, *, actor: Viewer, today: date, step: str) -> None:
    """What depends on the delay (the duty to tell the vendor, to pay at once) is computed anew."""
    if hold.subject:
        kind = hold.subject.partition(":")[0]
        facts_changed(contract, {f"item.{kind}"}, actor=actor, cause=f"hold:{hold.pk}.{step}", as_of=today)


def _locked(hold: FiscalHold) -> tuple[Milestone, FiscalHold]:
    milestone = lock_milestone(hold.milestone)
    row = FiscalHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if row.ended_on is not None:
        raise Refused(_("This hold has ended. Load the page to see when."))
    return milestone, row


def hold_open(*, actor: Viewer, milestone: Milestone, known_on: date, reason: str) -> FiscalHold:
    """Record that the funds of an instalment are held back by the state's budget, and why. While the vendor is not told
    (`hold_notify`) the excuse is in doubt.

    Reported to the engine as an item of the kind the definition marks as a fiscal delay, if it has one. Raises Refused
    for a settled milestone, a hold under way, a day after today, or without a reason.
    """
    require(actor, "hold.keep", milestone)
    words = clean_note(reason, required=_("Say why the funds are held: the vendor must be told."))
    with transaction.atomic():
        target = lock_milestone(milestone)
        contract = target.contract
        today = today_for(contract)
        _check_day(known_on, today=today, earliest=contract.signed_on, field="known_on")
        if target.paid + target.deducted >= target.amount:
            raise Refused(_("This milestone is settled in full. There is nothing to hold."))
        kind = money_terms(contract).hold_kind
        try:
            with transaction.atomic():
                hold = FiscalHold.objects.create(
                    contract=contract,
                    milestone=target,
                    known_on=known_on,
                    reason=words,
                    opened_by_id=actor_id(actor),
                    opened_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(_("A hold of this milestone is under way. End it first.")) from error
        if kind:
            hold.subject = f"{kind}:hold-{hold.pk}"
            hold.save(update_fields=("subject",))
        journal.record(
            actor,
            "hold.open",
            hold,
            chain=journal.contract_chain(contract.pk),
            after={"milestone": target.code, "known_on": known_on},
            reason=words,
        )
        _tell(hold, contract, actor=actor, today=today, step="open")
        return hold


def hold_notify(
    *, actor: Viewer, hold: FiscalHold, notified_on: date, upload: Upload | None = None, reference: str = ""
) -> FiscalHold:
    """Record that the vendor was told, with the proof of delivery: a file, or the number of the letter. Raises Refused
    without proof, twice, or for a day before the hold or after today."""
    require(actor, "hold.keep", hold)
    with transaction.atomic():
        milestone, row = _locked(hold)
        contract = milestone.contract
        today = today_for(contract)
        if row.notified_on is not None:
            raise Refused(_("The vendor was told already. Load the page to see when."))
        _check_day(notified_on, today=today, earliest=row.known_on, field="notified_on")
        row.delivery = evidence_add(
            actor=actor,
            contract=contract,
            title=_("Delivery of the notice of delay"),
            upload=upload,
            reference=reference,
            buyer_only=True,
        )
        row.notified_on, row.notified_by_id, row.notified_at = notified_on, actor_id(actor), timezone.now()
        row.save(update_fields=("notified_on", "delivery", "notified_by", "notified_at"))
        journal.record(
            actor,
            "hold.notify",
            row,
            chain=journal.contract_chain(contract.pk),
            after={"notified_on": notified_on, "delivery": row.delivery_id},
        )
        _tell(row, contract, actor=actor, today=today, step="notify")
        return row


def hold_end(*, actor: Viewer, hold: FiscalHold, ended_on: date, note: str) -> FiscalHold:
    """Record the release of the funds and its basis; from then on it is paid at once, within an internal target.
    Raises Refused without a basis, or for a day before the hold or after today."""
    require(actor, "hold.keep", hold)
    basis = clean_note(note, required=_("Name the paper that releases the funds."))
    with transaction.atomic():
        milestone, row = _locked(hold)
        contract = milestone.contract
        today = today_for(contract)
        _check_day(ended_on, today=today, earliest=row.known_on, field="ended_on")
        calendar = calendars_for(contract).get(contract.calendar_code)
        row.ended_on, row.end_note, row.ended_by_id, row.ended_at = ended_on, basis, actor_id(actor), timezone.now()
        row.pay_by = calendar.add_workdays(ended_on, PAY_AT_ONCE) if calendar is not None else None
        row.save(update_fields=("ended_on", "end_note", "ended_by", "ended_at", "pay_by"))
        journal.record(
            actor,
            "hold.end",
            row,
            chain=journal.contract_chain(contract.pk),
            after={"ended_on": ended_on, "pay_by": row.pay_by},
            reason=basis,
        )
        _tell(row, contract, actor=actor, today=today, step="end")
        return row
