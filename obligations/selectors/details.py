"""One obligation whole: why that day, every due version, what was handed in, who was reminded, what hangs on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from accounts.models import JournalEntry, User
from accounts.policy import NotVisible, allows, require
from accounts.scoping import Viewer
from contracts.models import Evidence
from contracts.selectors import definition_for
from contracts.selectors.calendars import end_of_day
from contracts.wording import sentences
from engine.definition import Definition
from engine.derivation import Step
from engine.messages import render
from obligations.models import Acknowledgement, DueVersion, Obligation, Reminder, Submission
from obligations.reckoning import names_of
from obligations.rules import is_told, may_submit
from obligations.selectors.replay import is_live, replay
from obligations.selectors.rows import MissingFact, ObligationRow, build_row, list_rows, may_review
from obligations.selectors.strip import DayCount, StripRows, day_counts, strip_of

JOURNAL_ROWS = 20
DEPENDANTS = 20


@dataclass(frozen=True, slots=True)
class DutyText:
    """What the definition says of the duty, in its own words."""

    trigger: str
    deadline_text: str
    evidence: str
    consequence: str
    reason: str
    obligee_names: str


@dataclass(frozen=True, slots=True)
class DueVersionRow:
    """A due date as once computed. `due_on` is an estimate if `state` is "provisional"; `cause` what made it."""

    number: int
    state: str
    due_on: date | None
    due_at: datetime | None
    safe_on: date | None
    raw_on: date | None
    estimate_on: date | None
    low: str
    high: str
    gate_open: bool
    missing: tuple[MissingFact, ...]
    cause: str
    as_of: date
    recorded_at: datetime
    definition_number: int
    derivation: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ProofRow:
    """A proof the viewer may see; `file_id` None: only a reference."""

    pk: int
    title: str
    reference: str
    file_id: int | None
    file_name: str
    size: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One round. `can_decide`: the viewer may accept, reject or ask for more."""

    pk: int
    round: int
    state: str
    done_on: date
    note: str
    submitted_by: str
    submitted_at: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    review_note: str
    evidence: tuple[ProofRow, ...]
    can_decide: bool


@dataclass(frozen=True, slots=True)
class ReminderRow:
    """A message sent or to be sent to a person about a due version."""

    pk: int
    step: str
    due_number: int
    recipient: str
    state: str
    send_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An entry of the journal about this obligation."""

    pk: int
    at: datetime
    actor: str
    action: str
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """Another obligation of the contract whose date rests on this one."""

    pk: int
    ref: str
    title: str
    clause: str
    due_on: date | None
    due_state: str


@dataclass(frozen=True, slots=True)
class ObligationDetail:
    """Everything a page about one obligation shows.

    `steps` explain the date, `reasons` say why the status is what it is (both for `engine.messages.render`); `counts`
    are the counted days, the last the deadline's own. `may` holds the viewer's actions: submit, review, waive, reopen,
    chase, hand_over, acknowledge. `acknowledged`: the viewer has said "seen, mine" for this due version.
    """

    row: ObligationRow
    definition: Definition
    text: DutyText
    as_of: date
    known_on: date | None
    is_live: bool
    steps: tuple[Step, ...]
    reasons: tuple[Step, ...]
    raw_on: date | None
    counts: tuple[DayCount, ...]
    versions: tuple[DueVersionRow, ...]
    submissions: tuple[SubmissionRow, ...]
    reminders: tuple[ReminderRow, ...]
    history: tuple[JournalRow, ...]
    dependants: tuple[RelatedRow, ...]
    may: frozenset[str]
    acknowledged: bool

    @property
    def strip(self) -> StripRows | None:
        """The deadline's own count as consecutive days, ready to draw."""
        return strip_of(self.counts, self.row.due_on, self.row.safe_on)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The derivation in the reader's language, a sentence a step."""
        return sentences(self.steps, self.definition)

    @property
    def reason_sentences(self) -> tuple[str, ...]:
        """Why the status is what it is, in the reader's language."""
        return tuple(render(each, gettext) for each in self.reasons)

    @property
    def open_submission(self) -> SubmissionRow | None:
        return next((one for one in self.submissions if one.state == Submission.State.SUBMITTED), None)


def obligation_object(pk: int, *, viewer: Viewer) -> Obligation:
    """The row itself, for a service to act on. Raises NotVisible."""
    require(viewer, "obligation.read")
    acknowledged = Acknowledgement.objects.filter(
        obligation=OuterRef("pk"), due_number=OuterRef("due_number"), user_id=viewer.user_id or 0
    )
    found: Obligation | None = (
        list_rows(Obligation.objects.visible_to(viewer))
        .annotate(acknowledged=Exists(acknowledged))
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def open_submission(obligation_id: int, *, viewer: Viewer) -> Submission | None:
    """The report that waits for review; None if there is none. Raises NotVisible for a stranger."""
    found: Submission | None = (
        Submission.objects.filter(obligation=obligation_object(obligation_id, viewer=viewer), state="submitted")
        .select_related("obligation__contract")
        .first()
    )
    return found


def possible_keepers(obligation: Obligation, *, viewer: Viewer) -> list[User]:
    """Whom the viewer may hand the obligation to: active colleagues of the same party who hold a role there."""
    require(viewer, "obligation.hand_over", obligation)
    rows = User.objects.filter(
        party_id=viewer.party_id or 0,
        is_active=True,
        memberships__revoked_at=None,
        memberships__role__in=("VND",) if viewer.kind == "vendor" else ("IT", "FIN", "MGR"),
    )
    return list(rows.distinct().order_by("display_name", "pk"))


def submission_get(pk: int, *, viewer: Viewer) -> Submission:
    """A report, for a service to act on. Raises NotVisible."""
    require(viewer, "obligation.read")
    found: Submission | None = (
        Submission.objects.visible_to(viewer)
        .filter(pk=pk, obligation__in=Obligation.objects.visible_to(viewer))
        .select_related("obligation__contract")
        .first()
    )
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def obligation_get(pk: int, *, viewer: Viewer, as_of: date, known_on: date | None = None) -> ObligationDetail:
    """The obligation as of a day, or as known on one. Raises NotVisible. Eight statements for today."""
    obligation = obligation_object(pk, viewer=viewer)
    contract = obligation.contract
    live = is_live(contract, as_of, known_on)
    versions = list(
        DueVersion.objects.filter(obligation=obligation)
        .select_related("definition")
        .defer("definition__data", "definition__origin", "definition__health")
        .order_by("-number")
    )
    moment = None if live else end_of_day(as_of if known_on is None else min(as_of, known_on), contract.zone)
    current = versions[0] if versions else None
    definition = definition_for(current.definition) if current else definition_for(contract)
    row = build_row(obligation, viewer=viewer, as_of=as_of)
    steps, reasons, raw_on = _stored_steps(current)
    if not live:
        found = [
            one
            for one in replay(contract, viewer=viewer, as_of=as_of, known_on=known_on, only=[obligation.duty])
            if one.obligation.pk == pk
        ]
        if not found:
            raise NotVisible(_("This did not exist on that day, or was not known yet."))
        row, result = found[0].row, found[0].result
        steps = result.derivation if result else ()
        reasons = result.reasons if result else ()
        raw_on = _day(result.raw) if result else None
    return ObligationDetail(
        row=row,
        definition=definition,
        text=_text(definition, obligation),
        as_of=as_of,
        known_on=known_on,
        is_live=live,
        steps=steps,
        reasons=reasons,
        raw_on=raw_on,
        counts=day_counts(steps),
        versions=tuple(_version(one) for one in versions if moment is None or one.recorded_at < moment),
        submissions=_submissions(obligation, viewer, moment),
        reminders=_reminders(obligation, viewer, moment),
        history=_history(obligation, viewer, moment),
        dependants=_dependants(obligation, current, viewer),
        may=_may(obligation, row, viewer) if live else frozenset(),
        acknowledged=bool(obligation.acknowledged),  # type: ignore[attr-defined]
    )


def _stored_steps(version: DueVersion | None) -> tuple[tuple[Step, ...], tuple[Step, ...], date | None]:
    if version is None:
        return (), (), None
    return _steps(version.derivation), _steps(version.reasons), version.raw_on


def _steps(data: Iterable[dict[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step.from_json(entry) for entry in data)


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


def _text(definition: Definition, obligation: Obligation) -> DutyText:
    duty = definition.duties.get(obligation.duty)
    if duty is None:
        return DutyText("", "", "", "", "", "")
    return DutyText(
        duty.trigger, duty.deadline_text, duty.evidence, duty.consequence, duty.reason,
        names_of(definition, duty.obligee),
    )  # fmt: skip


def _version(one: DueVersion) -> DueVersionRow:
    return DueVersionRow(
        number=one.number,
        state=one.state,
        due_on=one.due_on,
        due_at=one.due_at,
        safe_on=one.safe_on,
        raw_on=one.raw_on,
        estimate_on=one.estimate_on,
        low=one.low,
        high=one.high,
        gate_open=one.gate_open,
        missing=tuple(MissingFact(entry["name"], entry["title"]) for entry in one.missing),
        cause=one.cause,
        as_of=one.as_of,
        recorded_at=one.recorded_at,
        definition_number=one.definition.number,
        derivation=_steps(one.derivation),
    )


def _proof(one: Evidence) -> ProofRow:
    file = one.file
    return ProofRow(
        one.pk, one.title, one.reference, one.file_id, file.name if file else "", file.size if file else None,
        file.sha256 if file else "",
    )  # fmt: skip


def _submissions(obligation: Obligation, viewer: Viewer, moment: datetime | None) -> tuple[SubmissionRow, ...]:
    """What was handed in; the vendor sees its own party's rounds, the supervisor the vendor's."""
    proofs: QuerySet[Any] = Evidence.objects.visible_to(viewer).select_related("file").order_by("pk")
    rows = (
        Submission.objects.filter(obligation=obligation)
        .select_related("submitted_by", "reviewed_by")
        .prefetch_related(Prefetch("evidence", queryset=proofs))
        .order_by("-round")
    )
    if viewer.kind == "supervisor":
        rows = rows.filter(submitted_by__party__kind__in=("vendor", "supervisor"))
    elif viewer.kind != "buyer" and not viewer.is_system:
        rows = rows.filter(submitted_by__party_id=viewer.party_id or 0)
    if moment is not None:
        rows = rows.filter(submitted_at__lt=moment)
    return tuple(_submission(one, viewer, moment) for one in rows)


def _submission(one: Submission, viewer: Viewer, moment: datetime | None) -> SubmissionRow:
    decided = one.reviewed_at is not None and (moment is None or one.reviewed_at < moment)
    return SubmissionRow(
        pk=one.pk,
        round=one.round,
        state=one.state if decided or one.reviewed_at is None else Submission.State.SUBMITTED,
        done_on=one.done_on,
        note=one.note,
        submitted_by=str(one.submitted_by),
        submitted_at=one.submitted_at,
        reviewed_by=str(one.reviewed_by) if decided and one.reviewed_by else "",
        reviewed_at=one.reviewed_at if decided else None,
        review_note=one.review_note if decided else "",
        evidence=tuple(_proof(proof) for proof in one.evidence.all()),
        can_decide=(
            moment is None and one.state == Submission.State.SUBMITTED and may_review(viewer, one.submitted_by_id)
        ),
    )


def _reminders(obligation: Obligation, viewer: Viewer, moment: datetime | None) -> tuple[ReminderRow, ...]:
    """Messages about the obligation; outside the buyer's party only those to one's own people."""
    rows = Reminder.objects.filter(obligation=obligation).select_related("recipient").order_by("-send_at", "-pk")
    if viewer.kind != "buyer":
        rows = rows.filter(recipient__party_id=viewer.party_id or 0)
    if moment is not None:
        rows = rows.filter(created_at__lt=moment)
    return tuple(
        ReminderRow(r.pk, r.step, r.due_number, str(r.recipient), r.state, r.send_at, r.sent_at) for r in rows[:50]
    )


def _history(obligation: Obligation, viewer: Viewer, moment: datetime | None) -> tuple[JournalRow, ...]:
    """The last entries about the obligation; outside the buyer's party only one's own people's acts."""
    if not allows(viewer, "journal.read"):
        return ()
    rows = JournalEntry.objects.filter(object_type=Obligation._meta.label_lower, object_id=str(obligation.pk)).order_by(
        "-pk"
    )
    if viewer.kind != "buyer":
        rows = rows.filter(actor_party_id=viewer.party_id)
    if moment is not None:
        rows = rows.filter(at__lt=moment)
    return tuple(
        JournalRow(one.pk, one.at, one.actor_label, one.action, one.before, one.after, one.reason)
        for one in rows[:JOURNAL_ROWS]
    )


def _dependants(obligation: Obligation, current: DueVersion | None, viewer: Viewer) -> tuple[RelatedRow, ...]:
    dependencies = current.definition.dependencies if current else {}
    own = f"duty.{obligation.duty}"
    duties = [name for name, needs in dependencies.items() if own in needs and name != obligation.duty]
    if not duties:
        return ()
    rows = Obligation.objects.visible_to(viewer).filter(contract_id=obligation.contract_id, duty__in=duties)
    return tuple(
        RelatedRow(row.pk, row.ref, row.title, row.clause, row.due_on, row.due_state)
        for row in rows.order_by("position", "pk")[:DEPENDANTS]
    )


def _may(obligation: Obligation, row: ObligationRow, viewer: Viewer) -> frozenset[str]:
    open_, submitted = row.state == "open", row.state == "submitted"
    own = may_submit(obligation.obligor, viewer.kind)
    here = not is_told(obligation.duty)
    waivable = here and not (obligation.obligor == "buyer" and obligation.kind == "contractual")
    able = {
        "submit": open_ and own and here,
        "review": submitted and may_review(viewer, row.reporter_id),
        "waive": (open_ or submitted) and waivable,
        "reopen": row.state in ("done", "waived") and here,
        "chase": open_ and viewer.kind == "buyer",
        "hand_over": (open_ or submitted) and own,
        "acknowledge": open_ and row.due_state in ("known", "provisional"),
    }
    return frozenset(name for name, possible in able.items() if possible and allows(viewer, f"obligation.{name}"))
