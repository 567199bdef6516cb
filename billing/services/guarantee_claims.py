"""Claims on a security: in writing, before its validity ends, never above what is left of it nor above what is owed.

Proposed by finance, approved by a manager, delivered with proof, answered, and closed on a day a person records. From
the proposal on the amount is set aside: of the instrument, and of the liability it rests on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Liability, SecurityClaim, SecurityInstrument
from billing.rules_guarantee import claim_until, nature_of
from billing.services.common import actor_id, clean_amount, clean_note, next_number
from billing.services.guarantee import Moved, instrument_locked, move, security_changed, terms_of
from billing.services.liabilities import liability_draw
from billing.terms_guarantee import Ground, SecurityTerms
from contracts.errors import Refused
from contracts.selectors import today_for
from contracts.services.files import Upload, evidence_add

State = SecurityClaim.State


def last_day(instrument: SecurityInstrument, terms: SecurityTerms) -> date | None:
    """The last day on which a claim on the instrument may be delivered; None without an end."""
    return claim_until(
        form=instrument.form,
        expires_on=instrument.expires_on,
        cashed_on=instrument.cashed_on,
        valid_until=terms.valid_until,
    )


def _refuse_late(instrument: SecurityInstrument, terms: SecurityTerms, day: date, field: str | None = None) -> None:
    last = last_day(instrument, terms)
    if last is not None and day > last:
        raise Refused(
            _("Claims had to be delivered by %(last)s, when the validity ended. Deduct from an instalment or claim the "
              "amount separately instead.")
            % {"last": last.isoformat()},
            field,
        )  # fmt: skip


def _set_aside(instrument: SecurityInstrument, amount: Decimal) -> None:
    """Move what claims have taken up; negative frees it. The database keeps it within the balance."""
    SecurityInstrument.objects.filter(pk=instrument.pk).update(reserved=F("reserved") + amount)
    instrument.refresh_from_db(fields=["reserved"])


def security_claim_propose(
    *,
    actor: Viewer,
    instrument: SecurityInstrument,
    ground: str,
    amount: Decimal,
    reason: str,
    liability: Liability | None = None,
) -> SecurityClaim:
    """Propose a claim on an accepted instrument for one of the grounds the contract names.

    A ground limited to the liability needs one, and no more than what is left of it after all other
    settlements. Raises Refused after the validity's end, above what is left of the instrument, or for a paper
    not cashed.
    """
    require(actor, "security.propose", instrument)
    with transaction.atomic():
        claim = _set_up(
            instrument, ground=ground, amount=amount, reason=reason, liability=liability, by=actor_id(actor)
        )
        after = {"ground": claim.ground, "amount": claim.amount, "liability": claim.liability}
        _note(actor, "security.claim", claim, after, claim.reason)
        return claim


def security_claim_order(
    *, actor: Viewer, instrument: SecurityInstrument, liability: Liability, amount: Decimal, reason: str, by: int
) -> SecurityClaim:
    """Make a claim that two persons have already answered for: proposed by the user `by` as part of a settlement,
    approved by the actor with it. It waits to be delivered like any other. Raises Refused as proposing and approving
    do."""
    require(actor, "security.decide", instrument)
    with transaction.atomic():
        locked = instrument_locked(instrument)
        ground = liability_ground(terms_of(locked.contract, locked.security))
        if ground is None:
            raise Refused(_("The contract names no ground on which a liability is claimed from this security."))
        claim = _set_up(locked, ground=ground.key, amount=amount, reason=reason, liability=liability, by=by)
        return _decided(claim, actor=actor, approve=True, reason=claim.reason)


def liability_ground(terms: SecurityTerms) -> Ground | None:
    """The first ground on which what the vendor owes may be claimed from the security."""
    return next((ground for ground in terms.grounds if ground.limit == "liability" and not ground.keeps), None)


def _set_up(
    instrument: SecurityInstrument, *, ground: str, amount: Decimal, reason: str, liability: Liability | None, by: int
) -> SecurityClaim:
    """The proposed claim, with its amount set aside."""
    text = clean_note(reason, required=_("Say what the claim rests on: it goes into the letter."))
    with transaction.atomic():
        locked = instrument_locked(instrument)
        contract = locked.contract
        terms = terms_of(contract, locked.security)
        today = today_for(contract)
        if locked.state != SecurityInstrument.State.ACCEPTED:
            raise Refused(_("Only an accepted instrument can be claimed on."))
        if locked.replacements.filter(state=SecurityInstrument.State.ACCEPTED).exists():
            raise Refused(_("This instrument was renewed. Claim on the one that replaced it."))
        if nature_of(locked.form) == "paper" and locked.cashed_on is None:
            raise Refused(_("Cash the paper first; then the money can be drawn on."))
        _refuse_late(locked, terms, today)
        value = clean_amount(amount, contract=contract)
        chosen = terms.ground(ground)
        if chosen is None:
            raise Refused(_("Choose one of the grounds the contract names."), "ground")
        left = locked.balance - locked.reserved
        if value > left:
            raise Refused(
                _("%(amount)s is more than what is left of the instrument (%(left)s).")
                % {"amount": value, "left": left},
                "amount",
            )
        if chosen.keeps and value != left:
            raise Refused(_("The whole is called in: enter %(amount)s.") % {"amount": left}, "amount")
        owed: Liability | None = None
        if chosen.limit == "liability":
            if liability is None or liability.contract_id != contract.pk:
                raise Refused(_("Choose the liability the claim rests on: it may not exceed it."), "liability")
            owed = liability_draw(liability, value)
        _set_aside(locked, value)
        claim: SecurityClaim = SecurityClaim.objects.create(
            contract=contract,
            instrument=locked,
            liability=owed,
            number=next_number(contract, "security-claim", "G", today.year),
            ground=chosen.key,
            clause=chosen.clause,
            keeps=chosen.keeps,
            amount=value,
            reason=text,
            proposed_by_id=by,
            proposed_at=timezone.now(),
        )
        return claim


def _note(actor: Viewer, action: str, claim: SecurityClaim, after: dict[str, object], reason: str) -> None:
    chain = journal.contract_chain(claim.contract_id)
    journal.record(actor, action, claim, chain=chain, after={"state": claim.state, **after}, reason=reason)


def _locked(claim: SecurityClaim, *states: str) -> tuple[SecurityInstrument, SecurityClaim, SecurityTerms]:
    instrument = instrument_locked(claim.instrument)
    row: SecurityClaim = (
        SecurityClaim.objects.select_for_update(of=("self",)).select_related("liability").get(pk=claim.pk)
    )
    if row.state not in states:
        raise Refused(_("This claim has moved on. Load the page to see how it stands."))
    row.instrument, row.contract = instrument, instrument.contract
    return instrument, row, terms_of(instrument.contract, instrument.security)


def _free(claim: SecurityClaim, instrument: SecurityInstrument, *, settled: Decimal = Decimal(0)) -> None:
    """The claim is over: nothing is set aside any more, and of the liability only what was `settled`."""
    _set_aside(instrument, -claim.amount)
    if claim.liability is not None and settled != claim.amount:
        liability_draw(claim.liability, settled - claim.amount)


def security_claim_decide(*, actor: Viewer, claim: SecurityClaim, approve: bool, note: str = "") -> SecurityClaim:
    """Approve or reject a proposed claim; never by the one who proposed it. Raises Refused after the validity's end."""
    require(actor, "security.decide", claim)
    reason = clean_note(note, required="" if approve else _("Say why the claim is rejected."))
    return _decided(claim, actor=actor, approve=approve, reason=reason)


def _decided(claim: SecurityClaim, *, actor: Viewer, approve: bool, reason: str) -> SecurityClaim:
    with transaction.atomic():
        instrument, row, terms = _locked(claim, State.PROPOSED)
        person = actor_id(actor)
        if row.proposed_by_id == person:
            raise Refused(_("You proposed this claim. Somebody else must decide it."))
        if approve:
            _refuse_late(instrument, terms, today_for(row.contract))
        row.state = State.APPROVED if approve else State.REJECTED
        row.decided_by_id, row.decided_at, row.decision_note = person, timezone.now(), reason
        row.save(update_fields=("state", "decided_by", "decided_at", "decision_note"))
        if not approve:
            _free(row, instrument)
        _note(
            actor, "security.claim_approve" if approve else "security.claim_reject", row, {"amount": row.amount}, reason
        )
        return row


def security_claim_cancel(*, actor: Viewer, claim: SecurityClaim, note: str) -> SecurityClaim:
    """Take back a claim that was not delivered yet, as part of a decision that lowers what is owed. Raises Refused once
    it was delivered: then what came of it is recorded first."""
    require(actor, "security.decide", claim)
    reason = clean_note(note, required=_("Say why the claim is taken back."))
    with transaction.atomic():
        instrument, row, _terms = _locked(claim, State.PROPOSED, State.APPROVED)
        _free(row, instrument)
        row.state, row.answered_on, row.answer_note = State.WITHDRAWN, today_for(row.contract), reason
        row.save(update_fields=("state", "answered_on", "answer_note"))
        _note(actor, "security.claim_withdrawn", row, {"amount": row.amount}, reason)
        return row


def security_claim_deliver(
    *,
    actor: Viewer,
    claim: SecurityClaim,
    delivered_on: date,
    upload: Upload | None = None,
    reference: str = "",
) -> SecurityClaim:
    """Record that the written claim reached its addressee, with the proof of delivery. Only now it is made: the day
    counts against the validity. Raises Refused after its last day, before the approval, or without proof."""
    require(actor, "security.record", claim)
    with transaction.atomic():
        instrument, row, terms = _locked(claim, State.APPROVED)
        if delivered_on > today_for(row.contract):
            raise Refused(_("The day lies in the future. Enter the day it was delivered."), "delivered_on")
        if delivered_on < instrument.starts_on:
            raise Refused(_("The day lies before the instrument secured anything. Check the date."), "delivered_on")
        _refuse_late(instrument, terms, delivered_on, "delivered_on")
        row.delivery = evidence_add(
            actor=actor,
            contract=row.contract,
            title=_("Delivery of claim %(number)s") % {"number": row.number},
            upload=upload,
            reference=reference,
        )
        row.state, row.delivered_on = State.DELIVERED, delivered_on
        row.delivered_by_id, row.delivered_at = actor_id(actor), timezone.now()
        row.save(update_fields=("state", "delivered_on", "delivery", "delivered_by", "delivered_at"))
        _note(actor, "security.claim_deliver", row, {"delivered_on": delivered_on, "evidence": row.delivery}, "")
        security_changed(row.contract, terms, actor=actor, cause=f"security-claim:{row.pk}")
        return row


def security_claim_answer(
    *,
    actor: Viewer,
    claim: SecurityClaim,
    outcome: str,
    on: date,
    amount: Decimal | None = None,
    reference: str = "",
    note: str = "",
) -> SecurityClaim:
    """Record what came of a claim: "paid" (wholly or in part, with the bank's reference), "refused" or "withdrawn".
    What was not paid is free again, of the instrument and of the liability.

    Raises Refused for more than was claimed, a day before the delivery or after today, or the person who
    approved it.
    """
    require(actor, "security.record", claim)
    if outcome not in (State.PAID, State.REFUSED, State.WITHDRAWN):
        raise Refused(_("Choose what came of the claim."), "outcome")
    reason = clean_note(note, required="" if outcome == State.PAID else _("Say why nothing was paid."))
    with transaction.atomic():
        begun = (State.DELIVERED,) if outcome != State.WITHDRAWN else (State.PROPOSED, State.APPROVED, State.DELIVERED)
        instrument, row, terms = _locked(claim, *begun)
        if on > today_for(row.contract):
            raise Refused(_("The day lies in the future. Enter the day it happened."), "on")
        if row.delivered_on is not None and on < row.delivered_on:
            raise Refused(_("The day lies before the claim was delivered. Check the date."), "on")
        paid = Decimal(0)
        if outcome == State.PAID:
            paid = _pay(row, instrument, actor=actor, on=on, amount=amount, reference=reference)
        else:
            _free(row, instrument)
        row.state, row.answered_on, row.paid, row.answer_note = outcome, on, paid, reason
        row.save(update_fields=("state", "answered_on", "paid", "answer_note"))
        _note(actor, f"security.claim_{outcome}", row, {"on": on, "amount": paid, "reference": reference}, reason)
        security_changed(row.contract, terms, actor=actor, cause=f"security-claim:{row.pk}")
        return row


def _pay(
    claim: SecurityClaim,
    instrument: SecurityInstrument,
    *,
    actor: Viewer,
    on: date,
    amount: Decimal | None,
    reference: str,
) -> Decimal:
    value = clean_amount(claim.amount if amount is None else amount, contract=claim.contract)
    text = " ".join(reference.split())
    if not 2 <= len(text) <= 200:
        raise Refused(_("Name the receipt or the bank's reference."), "reference")
    if value > claim.amount:
        raise Refused(
            _("%(amount)s is more than was claimed (%(claimed)s). Claim the rest of it separately.")
            % {"amount": value, "claimed": claim.amount},
            "amount",
        )
    if claim.keeps and value != claim.amount:
        raise Refused(_("The whole was called in: enter %(amount)s.") % {"amount": claim.amount}, "amount")
    assert claim.decided_by_id is not None  # it was delivered, so somebody approved it
    _free(claim, instrument, settled=value)
    kind, change = (Moved.CASHED, Decimal(0)) if claim.keeps else (Moved.DRAWN, -value)
    person = actor_id(actor)
    move(instrument, kind, change, on=on, by=person, approved_by=claim.decided_by_id, reference=text, claim=claim)
    if claim.keeps:
        instrument.cashed_on = on
        instrument.save(update_fields=("cashed_on",))
    return value


def security_claim_close(*, actor: Viewer, claim: SecurityClaim, closed_on: date, note: str) -> SecurityClaim:
    """Record the day a made claim counts as completed: paid in full, judged or withdrawn, as a person decides and
    says. The clock of giving back runs from the last one. Raises Refused before the answer or after today."""
    require(actor, "security.record", claim)
    reason = clean_note(note, required=_("Say on what the claim counts as completed: payment, judgment or withdrawal."))
    with transaction.atomic():
        _instrument, row, terms = _locked(claim, State.PAID, State.REFUSED, State.WITHDRAWN)
        if row.delivered_on is None or row.answered_on is None:
            raise Refused(_("This claim was never delivered; there is nothing to complete."))
        if row.closed_on is not None:
            raise Refused(_("The completion of this claim has been recorded already."))
        if closed_on > today_for(row.contract):
            raise Refused(_("The day lies in the future. Enter the day it happened."), "closed_on")
        if closed_on < row.answered_on:
            raise Refused(_("The day lies before the claim was answered. Check the date."), "closed_on")
        row.closed_on, row.closed_by_id, row.closed_at = closed_on, actor_id(actor), timezone.now()
        row.closing_note = reason
        row.save(update_fields=("closed_on", "closed_by", "closed_at", "closing_note"))
        _note(actor, "security.claim_close", row, {"closed_on": closed_on}, reason)
        security_changed(row.contract, terms, actor=actor, cause=f"security-claim:{row.pk}")
        return row
