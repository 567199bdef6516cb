"""From a clue to an approved penalty: facts established, proposed by one person, approved by another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract
from contracts.selectors import today_for
from contracts.services.files import Upload
from obligations.services.evaluation import contract_locked
from penalties.models import Assessment, CaseEntry, PenaltyCase
from penalties.outcomes import Outcome
from penalties.reckoning import Basis, basis_for, outcome_for
from penalties.services.clues import case_follow, case_for
from penalties.services.common import case_locked, clean_text, enter, move, person, proofs
from penalties.services.records import assessment_add, describe, open_points, payable, unchanged

Kind = CaseEntry.Kind


def _outcome(case: PenaltyCase, *, as_of: date | None = None, proposed: bool = False) -> tuple[Basis, Outcome]:
    """What the case comes to by the facts of today; with `proposed` as of the day of the proposal, so that a breach
    that goes on does not outgrow it. Raises Refused when nothing speaks for it any more."""
    day = as_of or (day_of_proposal(case) if proposed else today_for(case.contract))
    basis = basis_for(case.contract, as_of=day)
    outcome = outcome_for(basis, case.target, case.key_text)
    if outcome is None:
        raise Refused(_("By the facts known today nothing is owed here. Look at the facts, or have the case waived."))
    return basis, outcome


def day_of_proposal(case: PenaltyCase) -> date:
    """The day the case was proposed as of; today before that."""
    kept = case.assessments.filter(kind=Assessment.Kind.PROPOSAL).order_by("-number")
    found: date | None = kept.values_list("as_of", flat=True).first()
    return found or today_for(case.contract)


def case_now(case: PenaltyCase, *, versions: Sequence[Assessment]) -> Decimal | None:
    """What a proposed case comes to by the facts known today; zero if nothing speaks for it any more, None if open.
    `versions` are its stored assessments, in any order."""
    ordered = sorted(versions, key=lambda row: -row.number)
    proposals = [row.as_of for row in ordered if row.kind == Assessment.Kind.PROPOSAL]
    try:
        _basis, outcome = _outcome(case, as_of=proposals[0] if proposals else None)
    except Refused:
        return Decimal(0)
    proposal = ordered[0] if ordered else None
    return payable(case, outcome, pick=proposal.picked if proposal is not None else "")


def facts_establish(*, actor: Viewer, case: PenaltyCase, note: str = "", uploads: Iterable[Upload] = ()) -> PenaltyCase:
    """Declare that the facts of a clue have been looked into. The figures still follow the facts. Raises Refused."""
    require(actor, "penalty.establish", case)
    text = clean_text(note)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "establish")
        locked.established_by_id, locked.established_at = person(actor), timezone.now()
        locked.save()
        proof = proofs(actor=actor, contract=locked.contract, uploads=uploads, title=str(locked), buyer_only=True)
        enter(locked, Kind.ESTABLISHED, actor=actor, text=text, evidence=proof, before=before)
        return locked


def case_recompute(*, actor: Viewer, case: PenaltyCase) -> PenaltyCase:
    """Bring a clue or an established case up to date with the facts of today; the same row if nothing changed."""
    require(actor, "penalty.raise", case)
    with transaction.atomic():
        locked = case_locked(case)
        basis, outcome = _outcome(locked)
        return locked if unchanged(locked, outcome) else case_follow(locked, outcome, basis, actor)


def penalty_propose(*, actor: Viewer, case: PenaltyCase, note: str = "", pick: str = "") -> PenaltyCase:
    """Propose the penalty of an established case at the figures of today's facts and readings.

    A proposal may still miss findings, readings or minutes: it then holds a range and names them (`missing`), and
    cannot be approved before they are there and it is proposed again. `pick` is the label of the row a person chose
    where the definition leaves a choice. Raises Refused where no row's conditions are met.
    """
    require(actor, "penalty.propose", case)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        basis, outcome = _outcome(locked)
        return _proposed(locked, outcome, basis, actor=actor, text=text, pick=pick)


def penalty_adopt(*, actor: Viewer, contract: Contract, target: str, key_text: str, note: str = "") -> PenaltyCase:
    """Make a proposal of what the sheet showed for real facts: the case is raised, its facts taken as established, and
    proposed, in one go. Raises Refused when recorded facts do not bear it out, or the case is further on already."""
    require(actor, "penalty.propose", contract)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked_contract = contract_locked(contract.pk)
        basis = basis_for(locked_contract, as_of=today_for(locked_contract))
        outcome = outcome_for(basis, target, key_text)
        if outcome is None:
            raise Refused(
                _("The facts on record do not lead to this. Record the incident first, with its findings; then adopt.")
            )
        case = case_for(locked_contract, outcome, basis, actor=actor)
        case = case_locked(case)
        if case.state == PenaltyCase.State.CLUE:
            before = move(case, "establish")
            case.established_by_id, case.established_at = person(actor), timezone.now()
            case.save()
            enter(case, Kind.ESTABLISHED, actor=actor, before=before)
        return _proposed(case, outcome, basis, actor=actor, text=text)


def _proposed(
    case: PenaltyCase, outcome: Outcome, basis: Basis, *, actor: Viewer, text: str, pick: str = ""
) -> PenaltyCase:
    if not outcome.standing:
        raise Refused(
            _("No row's conditions are met yet. Record the findings that are missing: %(names)s.")
            % {"names": "、".join(outcome.missing) or "—"}
        )
    if outcome.decision and not pick:
        raise Refused(_("Which row applies depends on a choice. Pick one and say why."), "pick")
    amount = payable(case, outcome, pick=pick)
    if pick and amount is None:
        raise Refused(_("This row cannot be picked: its conditions are not met or its amount is open."), "pick")
    before = move(case, "propose")
    describe(case, outcome)
    case.amount = amount
    case.missing = list(open_points(case, outcome, basis, pick=pick))
    case.proposed_by_id, case.proposed_at = person(actor), timezone.now()
    case.save()
    assessment_add(case, outcome, basis, kind=Assessment.Kind.PROPOSAL, actor=actor, amount=amount, picked=pick)
    enter(case, Kind.PROPOSED, actor=actor, text=text, amount=amount, before=before)
    return case


def penalty_cancel(*, actor: Viewer, case: PenaltyCase, note: str = "") -> PenaltyCase:
    """Take a proposal back before it is decided; the facts stay established. Raises Refused."""
    require(actor, "penalty.propose", case)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "cancel")
        _unproposed(locked)
        enter(locked, Kind.CANCELLED, actor=actor, text=text, before=before)
        return locked


def penalty_reject(*, actor: Viewer, case: PenaltyCase, note: str) -> PenaltyCase:
    """Send a proposal back with a reason; never by the proposer. Raises Refused."""
    require(actor, "penalty.approve", case)
    text = clean_text(note, required=_("Say why the proposal is rejected: the proposer reads it."), limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "reject")
        if locked.proposed_by_id == actor.user_id:
            raise Refused(_("You made this proposal. Somebody else must decide it."))
        _unproposed(locked)
        enter(locked, Kind.REJECTED, actor=actor, text=text, before=before)
        return locked


def _unproposed(case: PenaltyCase) -> None:
    case.proposed_by = case.proposed_at = case.amount = None
    case.save()


def penalty_approve(*, actor: Viewer, case: PenaltyCase, note: str = "", amount: Decimal | None = None) -> PenaltyCase:
    """Approve a proposal, by another person than made it, who has just proved who they are; `amount` reduces it, with a
    reason.

    The figures are computed anew: if the facts or readings have moved since the proposal, or something is missing, it
    must be proposed again. Raises Refused, ReauthenticationRequired.
    """
    require(actor, "penalty.approve", case)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "approve")
        if locked.proposed_by_id == person(actor):
            raise Refused(_("You made this proposal. Somebody else must decide it."))
        basis, outcome = _outcome(locked, proposed=True)
        proposal = locked.assessments.order_by("-number").first()
        picked = proposal.picked if proposal is not None else ""
        figure = payable(locked, outcome, pick=picked)
        points = [each for each in open_points(locked, outcome, basis, pick=picked) if each != "minutes"]
        if points or figure is None:
            raise Refused(_("Something is still missing for a final amount. The case page lists what."))
        if figure != locked.amount:
            raise Refused(
                _("Computed anew it comes to %(now)s, proposed was %(then)s. Have it proposed again.")
                % {"now": figure, "then": locked.amount}
            )
        if amount is not None and amount != figure:
            if not 0 < amount < figure:
                raise Refused(_("A reduced amount is above zero and below the proposed one."), "amount")
            if len(text) < 2:
                raise Refused(_("Say why the amount is reduced."), "note")
            locked.amount = amount
            assessment_add(
                locked, outcome, basis, kind=Assessment.Kind.DECISION, actor=actor, amount=amount, picked=picked
            )
        locked.missing = list(open_points(locked, outcome, basis, pick=picked))
        locked.approved_by_id, locked.approved_at = person(actor), timezone.now()
        locked.save()
        enter(locked, Kind.APPROVED, actor=actor, text=text, amount=locked.amount, before=before)
        return locked
