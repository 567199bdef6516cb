"""Objection and decision: what the vendor says, what the buyer answers, and who decides. The decision is never made by
whoever approved first."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Milestone
from billing.services.deductions import freeze_lift, freeze_set
from contracts.errors import Refused
from contracts.selectors import today_for
from contracts.services.files import Upload
from penalties import rules
from penalties.models import Assessment, CaseEntry, PenaltyCase
from penalties.reckoning import basis_for, outcome_for
from penalties.services.common import case_locked, clean_text, enter, move, person, proofs
from penalties.services.proposals import day_of_proposal
from penalties.services.records import assessment_add, moved_answer, payable

Kind, State = CaseEntry.Kind, PenaltyCase.State
# While these last both sides may put statements on the record.
TALKING = (State.NOTIFIED, State.OBJECTED, State.DECIDED, State.FROZEN)


def freeze_key(case: PenaltyCase) -> str:
    """The key under which a case's freeze and liability are kept in billing."""
    return f"penalty:{case.number}"


def penalty_object(*, actor: Viewer, case: PenaltyCase, text: str, uploads: Iterable[Upload] = ()) -> PenaltyCase:
    """The vendor objects, with reasons and evidence. A period the contract itself sets ends on its last day; one set by
    the notice alone does not cut the right off while nothing has been agreed. Raises Refused."""
    require(actor, "portal.penalty.object", case)
    reason = clean_text(text, required=_("Say what you object to and why."))
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "object")
        today = today_for(locked.contract)
        if locked.object_by_contract and locked.object_by is not None and today > locked.object_by:
            raise Refused(_("The period for objections ended on %(day)s.") % {"day": locked.object_by})
        locked.objected_by_id, locked.objected_at = person(actor), timezone.now()
        locked.save()
        proof = proofs(actor=actor, contract=locked.contract, uploads=uploads, title=str(locked))
        enter(locked, Kind.OBJECTION, actor=actor, text=reason, internal=False, evidence=proof, before=before)
        return locked


def objection_retract(*, actor: Viewer, case: PenaltyCase, note: str = "") -> PenaltyCase:
    """The vendor takes its objection back before it is decided. Raises Refused."""
    require(actor, "portal.penalty.object", case)
    text = clean_text(note)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "retract")
        locked.objected_by = locked.objected_at = None
        locked.save()
        enter(locked, Kind.RETRACTED, actor=actor, text=text, internal=False, before=before)
        return locked


def penalty_accept(*, actor: Viewer, case: PenaltyCase, note: str = "") -> PenaltyCase:
    """The vendor accepts the amount as it stands. Raises Refused while required minutes are missing."""
    require(actor, "portal.penalty.object", case)
    text = clean_text(note)
    with transaction.atomic():
        locked = case_locked(case)
        return _agreed(locked, actor=actor, text=text, uploads=())


def penalty_agree(*, actor: Viewer, case: PenaltyCase, note: str, uploads: Iterable[Upload] = ()) -> PenaltyCase:
    """The buyer's people record that the amount stands: no objection came within the period, or the parties (or a
    court) settled it, with the paper that shows it. Raises Refused."""
    require(actor, "penalty.agree", case)
    text = clean_text(note, required=_("Say how the amount became final, and name the paper."))
    files = list(uploads)
    with transaction.atomic():
        locked = case_locked(case)
        if locked.state == State.NOTIFIED:
            today = today_for(locked.contract)
            if locked.object_by is None or today <= locked.object_by:
                raise Refused(_("The vendor may still object. Wait until the period has ended."))
        elif not files:
            raise Refused(_("Attach the letter, minutes or judgment that settles it."), "upload")
        return _agreed(locked, actor=actor, text=text, uploads=files)


def _agreed(case: PenaltyCase, *, actor: Viewer, text: str, uploads: Iterable[Upload]) -> PenaltyCase:
    before = move(case, "agree")
    if case.needs_minutes and not case.has_minutes:
        raise Refused(_("A lighter penalty was displaced after talks: put the minutes of the talks on file first."))
    case.agreed_at = timezone.now()
    case.save()
    proof = proofs(actor=actor, contract=case.contract, uploads=uploads, title=str(case))
    enter(case, Kind.AGREED, actor=actor, text=text, amount=case.amount, internal=False, evidence=proof, before=before)
    return case


def statement_add(
    *, actor: Viewer, case: PenaltyCase, text: str, internal: bool = False, uploads: Iterable[Upload] = ()
) -> CaseEntry:
    """Add to the thread: the buyer's answer (or, `internal`, a note the vendor never sees), the vendor's statement, the
    supervisor's opinion. Raises Refused outside the time of talks (internal notes are always possible)."""
    action = {"vendor": "portal.penalty.object", "supervisor": "portal.penalty.opinion"}.get(
        actor.kind, "penalty.write"
    )
    require(actor, action, case)
    said = clean_text(text, required=_("Write what you want to say."))
    hidden = internal and actor.kind == "buyer"
    with transaction.atomic():
        locked = case_locked(case)
        if not hidden and locked.state not in TALKING:
            raise Refused(_("Nothing is in dispute here; only internal notes can be added."))
        proof = proofs(actor=actor, contract=locked.contract, uploads=uploads, title=str(locked), buyer_only=hidden)
        kind = Kind.NOTE if hidden else Kind.OPINION if actor.kind == "supervisor" else Kind.ANSWER
        return enter(locked, kind, actor=actor, text=said, internal=hidden, evidence=proof)


def minutes_add(*, actor: Viewer, case: PenaltyCase, text: str, uploads: Iterable[Upload]) -> PenaltyCase:
    """Put the minutes of the talks between the parties on file. Raises Refused without a file."""
    require(actor, "penalty.write", case)
    said = clean_text(text, required=_("Say when the talks were held and what came of them."))
    files = list(uploads)
    if not files:
        raise Refused(_("Attach the signed minutes."), "upload")
    with transaction.atomic():
        locked = case_locked(case)
        if locked.state in rules.FINAL or locked.state in (State.CLUE, State.SETTLED):
            raise Refused(_("Minutes belong to a case under way."))
        locked.has_minutes = True
        locked.missing = [each for each in locked.missing if each != "minutes"]
        locked.save()
        proof = proofs(actor=actor, contract=locked.contract, uploads=files, title=str(locked))
        enter(locked, Kind.MINUTES, actor=actor, text=said, internal=False, evidence=proof)
        return locked


def penalty_decide(
    *, actor: Viewer, case: PenaltyCase, decision: rules.Decision, text: str, amount: Decimal | None = None
) -> PenaltyCase:
    """Decide an objection, with reasons: uphold, uphold partly, or withdraw. Never by whoever approved the penalty.

    The amount is computed anew from the facts known today, which the objection may have changed. "upheld" needs it to
    come to the amount notified at least; "partly" takes `amount`, or what was computed if that is lower; "withdrawn"
    ends the case. Raises Refused, ReauthenticationRequired.
    """
    require(actor, "penalty.decide", case)
    reason = clean_text(text, required=_("Give the reasons of the decision: the vendor reads them."))
    if decision not in rules.DECISION_MOVES:
        raise Refused(_("Choose a decision."), "decision")
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, rules.DECISION_MOVES[decision])
        if locked.approved_by_id == person(actor):
            raise Refused(_("You approved this penalty. Somebody else must decide the objection."))
        basis = basis_for(locked.contract, as_of=day_of_proposal(locked))
        outcome = outcome_for(basis, locked.target, locked.key_text)
        last = locked.assessments.order_by("-number").first()
        picked = last.picked if last is not None else ""
        figure = payable(locked, outcome, pick=picked) if outcome is not None else Decimal(0)
        final = _decided_amount(locked, decision, figure, amount)
        locked.amount = final
        locked.decision, locked.decided_by_id, locked.decided_at = decision, person(actor), timezone.now()
        locked.save()
        if outcome is not None:
            assessment_add(
                locked, outcome, basis, kind=Assessment.Kind.DECISION, actor=actor, amount=final, picked=picked
            )
        else:  # nothing speaks for it any more, so there is nothing to compute
            moved_answer(locked)
        enter(locked, Kind.DECISION, actor=actor, text=reason, amount=final, internal=False, before=before)
        return locked


def _decided_amount(
    case: PenaltyCase, decision: rules.Decision, figure: Decimal | None, wish: Decimal | None
) -> Decimal:
    assert case.amount is not None
    if decision == "withdrawn":
        return Decimal(0)
    if decision == "upheld":
        if figure is not None and figure < case.amount:
            raise Refused(
                _("Computed anew it comes to %(now)s only. Uphold partly, or withdraw.") % {"now": figure}, "decision"
            )
        return case.amount
    value = wish if wish is not None else figure
    if value is None or not 0 < value < case.amount:
        raise Refused(_("Enter an amount above zero and below the notified one."), "amount")
    return value


def penalty_freeze(*, actor: Viewer, case: PenaltyCase, milestone: Milestone, note: str = "") -> PenaltyCase:
    """No agreement after the decision: hold the amount back in an instalment; frozen, not deducted. Raises Refused."""
    require(actor, "penalty.freeze", case)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "freeze")
        assert locked.amount is not None
        freeze_set(
            actor=actor, contract=locked.contract, source_key=freeze_key(locked), milestone=milestone,
            amount=locked.amount, note=text,
        )  # fmt: skip
        locked.save()
        enter(locked, Kind.FROZEN, actor=actor, text=text, amount=locked.amount, internal=False, before=before)
        return locked


def penalty_waive(*, actor: Viewer, case: PenaltyCase, reason: str) -> PenaltyCase:
    """Give a case up before it is settled, with a reason; by a manager who did not propose it. Raises Refused."""
    require(actor, "penalty.waive", case)
    text = clean_text(reason, required=_("Say why it is waived: the reason is kept for good."), limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        frozen = locked.state == State.FROZEN or locked.decision != ""
        before = move(locked, "waive")
        if locked.proposed_by_id == person(actor):
            raise Refused(_("You made this proposal. Somebody else must decide it."))
        if frozen:
            freeze_lift(actor=actor, contract=locked.contract, source_key=freeze_key(locked), note=text)
        locked.waived_by_id, locked.closed_at = person(actor), timezone.now()
        locked.save()
        enter(locked, Kind.WAIVED, actor=actor, text=text, internal=locked.issued_at is None, before=before)
        return locked
