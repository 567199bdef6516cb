"""Handing in what fulfils an obligation, round by round, and the other person's word on it.

The side that owes reports; the buyer reviews, never the person who reported. Accepting records the finding "done" of
the duty's instance as a fact, so that the engine decides in time or late; taking it back is a counter-fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import NotAllowed, require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, Evidence, Fact
from contracts.selectors import today_for
from contracts.services.facts import fact_names
from contracts.services.files import Upload, evidence_add
from obligations.models import Obligation, Submission
from obligations.rules import is_told, may_submit
from obligations.services.evaluation import DueChange, contract_locked, facts_changed
from obligations.services.findings import done_fact_of, done_record, done_withdraw
from obligations.services.reminders import plan_reminders

State = Obligation.State
# What the journal calls a decision.
VERBS: dict[str, str] = {
    Submission.State.ACCEPTED: "obligation.accept",
    Submission.State.REJECTED: "obligation.reject",
    Submission.State.MORE_INFO: "obligation.more_info",
}


def submission_add(
    *,
    actor: Viewer,
    obligation: Obligation,
    done_on: date,
    note: str = "",
    evidence: Sequence[Evidence] = (),
    uploads: Iterable[Upload] = (),
    reference: str = "",
) -> Submission:
    """Report an obligation as fulfilled on `done_on`, with proof: evidence already stored, new uploads, a reference.

    Only the side that owes it may (the buyer for third parties). Raises Refused for a future day, for nothing to show,
    or while an earlier report waits; NotAllowed for the other side; NotVisible for a stranger.
    """
    require(actor, "obligation.submit", obligation)
    person = _person(actor)
    _require_side(actor, obligation)
    note, reference = note.strip(), " ".join(reference.split())
    with transaction.atomic():
        contract = contract_locked(obligation.contract_id)
        row = Obligation.objects.select_for_update().get(pk=obligation.pk)
        _refuse_told(row)
        _check_day(contract, done_on)
        _check_open(row)
        proofs = [proof for proof in evidence if proof.contract_id == contract.pk]
        if len(proofs) != len(evidence):
            raise Refused(_("This evidence belongs to another contract. Choose evidence of this one."), "evidence")
        proofs += [evidence_add(actor=actor, contract=contract, title=row.title, upload=file) for file in uploads]
        if reference:
            proofs.append(evidence_add(actor=actor, contract=contract, title=row.title, reference=reference))
        if not proofs and not note:
            raise Refused(_("Attach a file, name a document, or say in the note what was done."), "note")
        submission = Submission.objects.create(
            obligation=row,
            round=_next_round(row),
            done_on=done_on,
            note=note[:2000],
            submitted_by_id=person,
            submitted_at=timezone.now(),
        )
        submission.evidence.set(proofs)
        _move(row, State.SUBMITTED)
        journal.record(
            actor,
            "obligation.submit",
            row,
            chain=journal.contract_chain(contract.pk),
            before={"state": State.OPEN},
            after={
                "state": row.state,
                "round": submission.round,
                "done_on": done_on,
                "evidence": [proof.pk for proof in proofs],
            },
            reason=note,
        )
    return submission


def submission_accept(
    *, actor: Viewer, submission: Submission, done_on: date | None = None, note: str = ""
) -> list[DueChange]:
    """Accept a report: the duty counts as done on the day claimed, or on `done_on` if the reviewer found another day.

    Raises Refused if it was decided already, for a future day, or if the actor handed it in.
    """
    return submissions_accept(actor=actor, submissions=[submission], done_on=done_on, note=note)


def submissions_accept(
    *, actor: Viewer, submissions: Collection[Submission], done_on: date | None = None, note: str = ""
) -> list[DueChange]:
    """Accept several reports of one contract at once, all or none; see `submission_accept`."""
    chosen = sorted(submissions, key=lambda one: one.pk)
    if not chosen:
        raise Refused(_("Choose at least one report."))
    with transaction.atomic():
        contract, rows = _claimed(actor, chosen)
        names: set[str] = set()
        for submission in rows:
            obligation, day = submission.obligation, done_on or submission.done_on
            _check_day(contract, day)
            _decide(actor, submission, Submission.State.ACCEPTED, note, after={"done_on": day})
            fact = done_record(
                actor=actor, contract=contract, obligation=obligation, done_on=day, evidence=submission.evidence.all()
            )
            names |= fact_names(fact)
        cause = f"submission:{rows[0].pk}" if len(rows) == 1 else f"submissions:{len(rows)}"
        return facts_changed(contract, names, actor=actor, cause=cause)


def submission_reject(*, actor: Viewer, submission: Submission, note: str) -> Submission:
    """Reject a report: the obligation is owed as before, with its own due date, and another round may follow.

    Raises Refused without a reason, if it was decided already, or if the actor handed it in.
    """
    return _turn_down(actor, submission, Submission.State.REJECTED, note)


def submission_more_info(*, actor: Viewer, submission: Submission, note: str) -> Submission:
    """Ask for more before deciding; the obligation stays owed until the next round. Raises as `submission_reject`."""
    return _turn_down(actor, submission, Submission.State.MORE_INFO, note)


def obligation_waive(*, actor: Viewer, obligation: Obligation, reason: str) -> Obligation:
    """Give up what the other side owes. Needs a manager, a reason and a fresh proof of identity.

    What the buyer owes by contract is not the buyer's to waive: Refused; as without a reason, or once done.
    """
    require(actor, "obligation.waive", obligation)
    if not reason.strip():
        raise Refused(_("Say why this is waived; the reason is kept for good."), "reason")
    with transaction.atomic():
        contract = contract_locked(obligation.contract_id)
        row = Obligation.objects.select_for_update().get(pk=obligation.pk)
        _refuse_told(row)
        if row.obligor == "buyer" and row.kind == Obligation.Kind.CONTRACTUAL:
            raise Refused(_("You owe this to the other party; only they can waive it. Record their letter as a note."))
        if row.state not in (State.OPEN, State.SUBMITTED):
            raise Refused(_("Only what is still owed can be waived. Reload the page."))
        before, now = row.state, timezone.now()
        row.submissions.filter(state=Submission.State.SUBMITTED).exclude(submitted_by_id=actor.user_id).update(
            state=Submission.State.MORE_INFO,
            reviewed_by_id=actor.user_id,
            reviewed_at=now,
            review_note=reason.strip()[:2000],
        )
        if row.submissions.filter(state=Submission.State.SUBMITTED).exists():
            raise Refused(_("Your own report is waiting for review; another person must decide on it first."))
        row.waiver_reason, row.waived_at = reason.strip()[:1000], now
        _move(row, State.WAIVED, "waiver_reason", "waived_at")
        journal.record(
            actor,
            "obligation.waive",
            row,
            chain=journal.contract_chain(contract.pk),
            before={"state": before},
            after={"state": row.state},
            reason=reason,
        )
    return row


def obligation_reopen(*, actor: Viewer, obligation: Obligation, reason: str) -> Obligation:
    """Take back a wrong acceptance or a waiver: a counter-fact withdraws "done", the report counts as rejected.

    Raises Refused without a reason, if it is neither done nor waived, if the duty is done by another fact (correct
    that one), or if the actor handed in the report.
    """
    require(actor, "obligation.reopen", obligation)
    if not reason.strip():
        raise Refused(_("Say why this is opened again."), "reason")
    with transaction.atomic():
        contract = contract_locked(obligation.contract_id)
        row = Obligation.objects.select_for_update().get(pk=obligation.pk)
        _refuse_told(row)
        before = row.state
        if row.state == State.WAIVED:
            row.waiver_reason, row.waived_at = "", None
            _move(row, State.OPEN, "waiver_reason", "waived_at")
        elif row.state == State.DONE:
            _take_back(actor, contract, row, reason)
        else:
            raise Refused(_("This is still owed; there is nothing to open again."))
        journal.record(
            actor,
            "obligation.reopen",
            row,
            chain=journal.contract_chain(contract.pk),
            before={"state": before, "done_on": row.done_on},
            after={"state": State.OPEN},
            reason=reason,
        )
        row.refresh_from_db()
    return row


# --- shared steps ---------------------------------------------------------------------------------------------------


def _person(actor: Viewer) -> int:
    if actor.user_id is None:
        raise NotAllowed(_("A person must report this, the system cannot."))
    return actor.user_id


def _require_side(actor: Viewer, obligation: Obligation) -> None:
    if not actor.is_system and not may_submit(obligation.obligor, actor.kind):
        raise NotAllowed(_("The other side owes this; they report it and you review it."))


def _refuse_told(row: Obligation) -> None:
    if is_told(row.duty):
        raise Refused(_("This day follows from a penalty or a claim. Act there: it ends with what is recorded there."))


def _check_day(contract: Contract, day: date) -> None:
    if day > today_for(contract):
        raise Refused(_("The day it was done lies in the future. Enter the day it really was done."), "done_on")


def _check_open(row: Obligation) -> None:
    if row.state == State.SUBMITTED:
        raise Refused(_("A report is waiting for review already. Wait for the answer, then hand in the next one."))
    if row.state == State.STANDING:
        raise Refused(_("This holds at all times and is never finished; report the single case instead."))
    if row.state != State.OPEN:
        raise Refused(_("This is no longer owed: it is done, waived or closed. Reload the page."))


def _next_round(row: Obligation) -> int:
    return (row.submissions.aggregate(last=Max("round"))["last"] or 0) + 1


def _move(row: Obligation, state: str, *fields: str) -> None:
    """Change the state and let the reminders follow it."""
    row.state = state
    row.save(update_fields=["state", "updated_at", *fields])
    plan_reminders([row.pk], now=timezone.now())


def _claimed(actor: Viewer, submissions: Sequence[Submission]) -> tuple[Contract, list[Submission]]:
    """The reports, locked, if the actor may decide on all of them."""
    for submission in submissions:
        require(actor, "obligation.review", submission.obligation)
    contracts = {submission.obligation.contract_id for submission in submissions}
    if len(contracts) != 1:
        raise Refused(_("Choose reports of one contract."))
    contract = contract_locked(contracts.pop())
    rows = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(pk__in=[submission.pk for submission in submissions])
        .select_related("obligation")
        .order_by("pk")
    )
    for row in rows:
        if row.state != Submission.State.SUBMITTED:
            raise Refused(_("This report has been decided already. Reload the page."))
        if row.submitted_by_id == actor.user_id:
            raise Refused(_("You handed this in yourself; another person must review it."))
    return contract, rows


def _decide(
    actor: Viewer, submission: Submission, state: str, note: str, *, after: dict[str, object] | None = None
) -> None:
    submission.state, submission.review_note = state, note.strip()[:2000]
    submission.reviewed_by_id, submission.reviewed_at = actor.user_id, timezone.now()
    submission.save(update_fields=["state", "review_note", "reviewed_by", "reviewed_at"])
    journal.record(
        actor,
        VERBS[state],
        submission.obligation,
        chain=journal.contract_chain(submission.obligation.contract_id),
        before={"round": submission.round, "state": Submission.State.SUBMITTED},
        after={"round": submission.round, "state": state, **(after or {})},
        reason=note,
    )


def _turn_down(actor: Viewer, submission: Submission, state: str, note: str) -> Submission:
    if not note.strip():
        raise Refused(_("Say what is missing or wrong, so that the next report can be right."), "note")
    with transaction.atomic():
        row = _claimed(actor, [submission])[1][0]
        _decide(actor, row, state, note)
        _move(row.obligation, State.OPEN)
    return row


def _take_back(actor: Viewer, contract: Contract, row: Obligation, reason: str) -> None:
    fact: Fact | None = done_fact_of(row)
    if fact is None:
        raise Refused(_("Another fact shows that this was done. Correct that fact instead."))
    accepted = row.submissions.filter(state=Submission.State.ACCEPTED).first()
    if accepted is not None:
        if accepted.submitted_by_id == actor.user_id:
            raise Refused(_("You handed this in yourself; another person must review it."))
        accepted.state, accepted.review_note = Submission.State.REJECTED, reason.strip()[:2000]
        accepted.reviewed_by_id, accepted.reviewed_at = actor.user_id, timezone.now()
        accepted.save(update_fields=["state", "review_note", "reviewed_by", "reviewed_at"])
    done_withdraw(actor=actor, fact=fact, reason=reason)
    facts_changed(contract, fact_names(fact), actor=actor, cause=f"reopened:{row.pk}")
