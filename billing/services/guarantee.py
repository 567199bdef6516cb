"""Securities: handed in by the vendor (or entered by finance), accepted by another person, cashed or given back by
two.

Locks: the contract first, then its instruments. What depends on an instrument is evaluated in the same
transaction."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import SecurityClaim, SecurityInstrument, SecurityMovement, SecurityOrder
from billing.rules_guarantee import nature_of
from billing.services.common import actor_id, clean_amount, clean_note, clean_reference
from billing.services.liabilities import liability_draw
from billing.terms_guarantee import SecurityTerms, security_terms
from contracts.errors import Refused
from contracts.models import Contract
from contracts.selectors import definition_for, today_for
from contracts.services.files import file_store
from obligations.services.evaluation import contract_locked, facts_changed

State = SecurityInstrument.State
Order = SecurityOrder.Kind
Moved = SecurityMovement.Kind
UNDER_WAY = (SecurityClaim.State.PROPOSED, SecurityClaim.State.APPROVED, SecurityClaim.State.DELIVERED)
# A claim holds the security until its completion is recorded; one that was never delivered only while it is decided.
OPEN_CLAIM = Q(state__in=UNDER_WAY) | (Q(delivered_on__isnull=False) & Q(closed_on=None))


def terms_of(contract: Contract, code: str) -> SecurityTerms:
    """The security as the active definition has it. Raises Refused when it has none of that name."""
    terms = security_terms(definition_for(contract)).get(code)
    if terms is None:
        raise Refused(_("The contract's definition has no security of this name."), "security")
    return terms


def instrument_locked(instrument: SecurityInstrument) -> SecurityInstrument:
    """The instrument, locked after its contract until the transaction ends."""
    contract = contract_locked(instrument.contract_id)
    locked: SecurityInstrument = SecurityInstrument.objects.select_for_update(of=("self",)).get(pk=instrument.pk)
    locked.contract = contract
    return locked


def security_changed(contract: Contract, terms: SecurityTerms, *, actor: Viewer, cause: str) -> None:
    """Evaluate anew what rests on the security's records."""
    names = {f"item.{name}" for name in (terms.item, terms.paper, terms.draws) if name}
    names |= {f"event.{name}" for name in (terms.claimed, terms.closed) if name}
    names |= {f"duty.{name}" for name in terms.duties}
    facts_changed(contract, names, actor=actor, cause=cause)


def move(
    instrument: SecurityInstrument,
    kind: str,
    change: Decimal,
    *,
    on: date,
    by: int,
    approved_by: int,
    reference: str = "",
    claim: SecurityClaim | None = None,
    counters: SecurityMovement | None = None,
) -> SecurityMovement:
    """Write an entry of a locked instrument's ledger and its sums. The database refuses a sum out of bounds."""
    if by == approved_by:
        raise Refused(_("You approved this yourself. Somebody else must record it."))
    entry: SecurityMovement = SecurityMovement.objects.create(
        contract_id=instrument.contract_id,
        instrument=instrument,
        kind=kind,
        change=change,
        on=on,
        reference=reference,
        claim=claim,
        counters=counters,
        recorded_by_id=by,
        approved_by_id=approved_by,
        recorded_at=timezone.now(),
    )
    drawn = kind == Moved.DRAWN or (counters is not None and counters.kind == Moved.DRAWN)
    sums: dict[str, Any] = {"balance": F("balance") + change}
    if drawn:
        sums["drawn"] = F("drawn") - change
    SecurityInstrument.objects.filter(pk=instrument.pk).update(**sums)
    instrument.refresh_from_db(fields=["balance", "drawn"])
    return entry


# --- handing in and accepting --------------------------------------------------------------------------------------


def _refuse_dates(form: str, *, issued: date | None, received: date, expires: date | None, today: date) -> None:
    if received > today:
        raise Refused(_("The day of handing in lies in the future. Enter the day it came in."), "received_on")
    if nature_of(form) == "money":
        if expires is not None:
            raise Refused(_("Money has no end. Leave the last day empty."), "expires_on")
        return
    if issued is None:
        raise Refused(_("Enter the day of issue printed on it."), "issued_on")
    if expires is None:
        raise Refused(_("Enter the last day of its validity, or the maturity of the paper."), "expires_on")
    if expires < max(received, issued):
        raise Refused(
            _("It ends on %(day)s, before it could secure anything. Ask for one with a later end.")
            % {"day": expires.isoformat()},
            "expires_on",
        )


def _predecessor(contract: Contract, security: str, replaces: SecurityInstrument | None) -> SecurityInstrument | None:
    if replaces is None:
        return None
    older: SecurityInstrument | None = SecurityInstrument.objects.filter(
        pk=replaces.pk, contract=contract, security=security, state=State.ACCEPTED
    ).first()
    if older is None:
        raise Refused(_("Choose an accepted instrument of this security to renew."), "replaces")
    if older.replacements.exclude(state=State.REFUSED).exists():
        raise Refused(_("A renewal of this instrument has been handed in already. Have that one decided first."))
    return older


def instrument_submit(
    *,
    actor: Viewer,
    contract: Contract,
    security: str,
    form: str,
    number: str,
    amount: Decimal,
    issuer: str = "",
    by_branch: bool = False,
    issued_on: date | None = None,
    received_on: date | None = None,
    expires_on: date | None = None,
    replaces: SecurityInstrument | None = None,
    upload: UploadedFile | None = None,
    authorisation: UploadedFile | None = None,
    note: str = "",
) -> SecurityInstrument:
    """Record an instrument given as security; it secures nothing until another person accepts it.

    `received_on` is when it was handed in (today if not given; always today for the vendor). `replaces`: it
    renews that one. Raises Refused for a form the contract does not allow, a known number, missing paper, or
    dates that cannot be.
    """
    require(actor, "security.submit", contract)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        terms = terms_of(locked, security)
        today = today_for(locked)
        if terms.forms and form not in terms.forms:
            raise Refused(_("The contract does not name this form. Choose one it allows."), "form")
        reference = clean_reference(number)
        if not 2 <= len(reference) <= 80:
            raise Refused(_("Enter the number printed on it, 2 to 80 characters."), "number")
        value = clean_amount(amount, contract=locked)
        received = today if received_on is None or actor.kind == "vendor" else received_on
        _refuse_dates(form, issued=issued_on, received=received, expires=expires_on, today=today)
        bank = " ".join(issuer.split())[:200]
        if nature_of(form) != "money" and not bank:
            raise Refused(_("Name the bank that issued it."), "issuer")
        if nature_of(form) != "money" and upload is None:
            raise Refused(_("Attach a scan of the original."), "upload")
        older = _predecessor(locked, security, replaces)
        if SecurityInstrument.objects.filter(contract=locked, number=reference).exclude(state=State.REFUSED).exists():
            raise Refused(_("An instrument with this number has been recorded before. Check the number."), "number")
        stored = [
            file_store(actor=actor, contract=locked, upload=file) if file is not None else None
            for file in (upload, authorisation)
        ]
        try:
            with transaction.atomic():
                instrument: SecurityInstrument = SecurityInstrument.objects.create(
                    contract=locked,
                    security=security,
                    form=form,
                    number=reference,
                    issuer=bank,
                    by_branch=by_branch,
                    amount=value,
                    issued_on=issued_on,
                    received_on=received,
                    expires_on=expires_on,
                    file=stored[0],
                    authorisation=stored[1],
                    note=clean_note(note),
                    replaces=older,
                    submitted_by_id=actor_id(actor),
                    submitted_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(_("An instrument with this number has been recorded before. Check the number.")) from error
        journal.record(
            actor,
            "security.submit",
            instrument,
            chain=journal.contract_chain(locked.pk),
            after={
                "security": security, "form": form, "number": reference, "amount": value, "issued_on": issued_on,
                "received_on": received, "expires_on": expires_on, "replaces": older,
                "file": stored[0].sha256 if stored[0] else "",
            },
            reason=instrument.note,
        )  # fmt: skip
        return instrument


def instrument_decide(
    *, actor: Viewer, instrument: SecurityInstrument, accept: bool, note: str = ""
) -> SecurityInstrument:
    """Accept or refuse an instrument; never by the one who entered it. How it was recognised, or why it is refused, is
    kept: the vendor reads a refusal.

    From acceptance on it secures the contract, its clocks run, and one it renews is replaced. Raises Refused
    when it is decided already, or a branch issued it and shows no authorisation.
    """
    require(actor, "security.decide", instrument)
    reason = clean_note(
        note,
        required=_("Say on what it was recognised.") if accept else _("Say why it is refused: the vendor reads it."),
    )
    with transaction.atomic():
        locked = instrument_locked(instrument)
        if locked.state != State.SUBMITTED:
            raise Refused(_("This instrument has already been decided. Load the page to see by whom."))
        person = actor_id(actor)
        if locked.submitted_by_id == person:
            raise Refused(_("You entered this instrument. Somebody else must decide it."))
        if accept and locked.by_branch and locked.authorisation_id is None:
            raise Refused(
                _("A branch issued it without its bank's authorisation. Refuse it, or have it handed in again.")
            )
        if accept:
            _refuse_dates(
                locked.form,
                issued=locked.issued_on,
                received=locked.received_on,
                expires=locked.expires_on,
                today=today_for(locked.contract),
            )
        locked.state = State.ACCEPTED if accept else State.REFUSED
        locked.decided_by_id, locked.decided_at, locked.decision_note = person, timezone.now(), reason
        locked.save(update_fields=("state", "decided_by", "decided_at", "decision_note"))
        if accept:
            move(
                locked,
                Moved.RECEIVED,
                locked.amount,
                on=locked.received_on,
                by=locked.submitted_by_id,
                approved_by=person,
                reference=locked.number,
            )
        journal.record(
            actor,
            "security.accept" if accept else "security.refuse",
            locked,
            chain=journal.contract_chain(locked.contract_id),
            before={"state": State.SUBMITTED},
            after={"state": locked.state, "amount": locked.amount},
            reason=reason,
        )
        if accept:
            terms = terms_of(locked.contract, locked.security)
            security_changed(locked.contract, terms, actor=actor, cause=f"security:{locked.pk}")
        return locked


# --- giving back, cashing, countering ------------------------------------------------------------------------------


def _refuse_release(instrument: SecurityInstrument, terms: SecurityTerms, amount: Decimal, on: date) -> None:
    if SecurityClaim.objects.filter(
        OPEN_CLAIM, contract_id=instrument.contract_id, instrument__security=instrument.security
    ).exists():
        raise Refused(_("A claim is under way. Record its completion first; until then nothing is given back."))
    replaced = instrument.replacements.filter(state=State.ACCEPTED).exists()
    if not replaced and terms.valid_until is not None and on <= terms.valid_until:
        raise Refused(
            _("The security is owed until %(day)s. It is given back after that day, or once it was renewed.")
            % {"day": terms.valid_until.isoformat()},
            "on",
        )
    if amount > instrument.balance - instrument.reserved:
        raise Refused(
            _("%(amount)s is more than what is left of it (%(left)s).")
            % {"amount": amount, "left": instrument.balance - instrument.reserved},
            "amount",
        )


def _refuse_cash(instrument: SecurityInstrument, amount: Decimal, on: date) -> None:
    if nature_of(instrument.form) != "paper" or instrument.cashed_on is not None:
        raise Refused(_("Only a draft or cheque that has not been cashed can be turned into money."))
    if instrument.expires_on is not None and on > instrument.expires_on:
        raise Refused(
            _("The paper matured on %(day)s. It can no longer be cashed as security; ask for another one.")
            % {"day": instrument.expires_on.isoformat()},
            "on",
        )
    if amount != instrument.balance:
        raise Refused(_("A paper is cashed whole: enter %(amount)s.") % {"amount": instrument.balance}, "amount")


def _refuse_counter(instrument: SecurityInstrument, entry: SecurityMovement | None, amount: Decimal) -> None:
    if entry is None or entry.instrument_id != instrument.pk or entry.kind in (Moved.COUNTER, Moved.CASHED):
        raise Refused(_("Choose an entry of this instrument to counter."), "counters")
    if SecurityMovement.objects.filter(counters=entry).exists():
        raise Refused(_("This entry has been countered already."), "counters")
    if amount != abs(entry.change):
        raise Refused(_("An entry is countered whole: enter %(amount)s.") % {"amount": abs(entry.change)}, "amount")
    if not instrument.balance - entry.change - instrument.reserved >= 0:
        raise Refused(_("What is left of the instrument does not allow this. Counter the later entries first."))


def _refuse_order(order: SecurityOrder, instrument: SecurityInstrument) -> None:
    """What must hold when it is proposed, and still when it is decided."""
    if instrument.state != State.ACCEPTED:
        raise Refused(_("Only an accepted instrument can be given back, cashed or corrected."))
    if order.on > today_for(instrument.contract):
        raise Refused(_("The day lies in the future. Enter the day it was done."), "on")
    if order.on < instrument.received_on:
        raise Refused(_("The day lies before the instrument was handed in. Check the date."), "on")
    match order.kind:
        case Order.RELEASE:
            _refuse_release(instrument, terms_of(instrument.contract, instrument.security), order.amount, order.on)
        case Order.CASH:
            _refuse_cash(instrument, order.amount, order.on)
        case _:
            _refuse_counter(instrument, order.counters, order.amount)


def order_propose(
    *,
    actor: Viewer,
    instrument: SecurityInstrument,
    kind: str,
    amount: Decimal,
    on: date,
    reference: str,
    note: str = "",
    counters: SecurityMovement | None = None,
) -> SecurityOrder:
    """Propose to give an instrument back (without interest), to cash a paper, or to counter an entry of its ledger. It
    takes effect when another person approves it. Raises Refused when the contract or the ledger does not allow
    it."""
    require(actor, "security.propose", instrument)
    with transaction.atomic():
        locked = instrument_locked(instrument)
        text = " ".join(reference.split())
        if not 2 <= len(text) <= 200:
            raise Refused(_("Name the receipt or the bank's reference."), "reference")
        needed = _("Say what was wrong.") if kind == Order.COUNTER else ""
        order = SecurityOrder(
            contract=locked.contract,
            instrument=locked,
            kind=kind,
            amount=clean_amount(amount, contract=locked.contract),
            on=on,
            reference=text,
            note=clean_note(note, required=needed),
            counters=counters if kind == Order.COUNTER else None,
            proposed_by_id=actor_id(actor),
            proposed_at=timezone.now(),
        )
        if kind not in Order.values:
            raise Refused(_("Choose what to do."), "kind")
        _refuse_order(order, locked)
        try:
            with transaction.atomic():
                order.save(force_insert=True)
        except IntegrityError as error:
            raise Refused(_("The same has been proposed already and waits for its decision.")) from error
        journal.record(
            actor,
            "security.propose",
            order,
            chain=journal.contract_chain(locked.contract_id),
            after={"kind": kind, "amount": order.amount, "on": on, "reference": text},
            reason=order.note,
        )
        return order


def order_decide(*, actor: Viewer, order: SecurityOrder, approve: bool, note: str = "") -> SecurityOrder:
    """Approve or reject what somebody else proposed; an approval writes the ledger. Raises Refused when it is decided
    already, proposed by the same person, or no longer allowed."""
    require(actor, "security.decide", order)
    reason = clean_note(note, required="" if approve else _("Say why it is rejected."))
    with transaction.atomic():
        instrument = instrument_locked(order.instrument)
        row = SecurityOrder.objects.select_for_update(of=("self",)).select_related("counters__claim").get(pk=order.pk)
        if row.state != SecurityOrder.State.PROPOSED:
            raise Refused(_("This has already been decided. Load the page to see by whom."))
        person = actor_id(actor)
        if row.proposed_by_id == person:
            raise Refused(_("You proposed this. Somebody else must decide it."))
        if approve:
            _refuse_order(row, instrument)
        row.state = SecurityOrder.State.APPROVED if approve else SecurityOrder.State.REJECTED
        row.decided_by_id, row.decided_at, row.decision_note = person, timezone.now(), reason
        row.save(update_fields=("state", "decided_by", "decided_at", "decision_note"))
        if approve:
            _carry_out(row, instrument, person)
        journal.record(
            actor,
            "security.approve" if approve else "security.reject",
            row,
            chain=journal.contract_chain(row.contract_id),
            before={"state": SecurityOrder.State.PROPOSED},
            after={"state": row.state, "kind": row.kind, "amount": row.amount, "balance": instrument.balance},
            reason=reason,
        )
        if approve:
            terms = terms_of(instrument.contract, instrument.security)
            security_changed(instrument.contract, terms, actor=actor, cause=f"security:{instrument.pk}")
        return row


def _carry_out(order: SecurityOrder, instrument: SecurityInstrument, person: int) -> None:
    given: dict[str, Any] = {
        "on": order.on, "by": order.proposed_by_id, "approved_by": person, "reference": order.reference,
    }  # fmt: skip
    if order.kind == Order.CASH:
        move(instrument, Moved.CASHED, Decimal(0), **given)
        instrument.cashed_on = order.on
        instrument.save(update_fields=("cashed_on",))
    elif order.kind == Order.RELEASE:
        move(instrument, Moved.RELEASED, -order.amount, **given)
    else:
        wrong = order.counters
        assert wrong is not None  # the database holds it
        move(instrument, Moved.COUNTER, -wrong.change, claim=wrong.claim, counters=wrong, **given)
        if wrong.claim is not None and wrong.claim.liability is not None:
            liability_draw(wrong.claim.liability, wrong.change)
