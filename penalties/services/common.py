"""What the docket's services share: the locked case, a move by the table, an entry of the thread, checked input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, Evidence
from contracts.services.files import Upload, evidence_add
from obligations.services.evaluation import contract_locked
from penalties import rules
from penalties.models import CaseEntry, PenaltyCase
from penalties.services.deadlines import deadlines_sync


def person(actor: Viewer) -> int:
    """The person acting. A penalty needs one: raises Refused for the system viewer."""
    if actor.user_id is None:
        raise Refused(_("A person must do this; sign in."))
    return actor.user_id


def case_locked(case: PenaltyCase) -> PenaltyCase:
    """The case as it stands now, locked until the transaction ends; the contract's row first, as everybody does."""
    contract = contract_locked(case.contract_id)
    locked: PenaltyCase = PenaltyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    locked.contract = contract
    return locked


def move(case: PenaltyCase, act: str) -> str:
    """Put the locked case into the state the act leads to; returns the one before. Raises Refused if it may not be."""
    before = case.state
    try:
        case.state = rules.after(act, before)
    except rules.IllegalMove as error:
        raise Refused(
            _("This cannot be done now: the case is in the state “%(state)s”. Load the page again.")
            % {"state": PenaltyCase.State(before).label}
        ) from error
    return before


def clean_text(text: str, *, required: str = "", limit: int = 4000) -> str:
    """The text without outer blanks; `required` is the sentence to refuse an empty one with."""
    cleaned = text.strip()
    if required and len(cleaned) < 2:
        raise Refused(required, "note")
    if len(cleaned) > limit:
        raise Refused(_("The text is longer than %(limit)s characters. Shorten it.") % {"limit": limit}, "note")
    return cleaned


def proofs(
    *, actor: Viewer, contract: Contract, uploads: Iterable[Upload], title: str, buyer_only: bool = False
) -> list[Evidence]:
    """Uploads kept as evidence under a title."""
    return [
        evidence_add(actor=actor, contract=contract, title=upload.name or title, upload=upload, buyer_only=buyer_only)
        for upload in uploads
    ]


def enter(
    case: PenaltyCase,
    kind: CaseEntry.Kind,
    *,
    actor: Viewer,
    text: str = "",
    amount: Decimal | None = None,
    internal: bool = True,
    evidence: Sequence[Evidence] = (),
    before: str = "",
) -> CaseEntry:
    """Add an entry to the case's thread and the journal."""
    entry = CaseEntry.objects.create(
        case=case,
        kind=kind,
        side="" if actor.is_system else actor.kind,
        state=case.state,
        internal=internal,
        text=text,
        amount=amount,
        recorded_by_id=actor.user_id,
        recorded_at=timezone.now(),
    )
    if evidence:
        entry.evidence.set(evidence)
    journal.record(
        actor,
        f"penalty.{kind}",
        case,
        chain=journal.contract_chain(case.contract_id),
        before={"state": before} if before else None,
        after={"state": case.state, "amount": amount, "evidence": [each.pk for each in evidence]},
        reason=text,
    )
    if kind not in (CaseEntry.Kind.NOTE, CaseEntry.Kind.ANSWER, CaseEntry.Kind.OPINION):
        deadlines_sync(case, actor=actor)
    return entry
