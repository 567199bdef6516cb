"""What a case makes people do by a day: record when the notice arrived, object, record that nobody did. Each is an
obligation of its party, with the reminders all obligations have; the acts of the case end it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.scoping import SYSTEM, Viewer
from contracts.selectors import today_for
from obligations.services.deadlines import Deadline, deadline_keep
from obligations.services.evaluation import contract_locked
from obligations.services.reminders.clocks import Clocks
from penalties.models import PenaltyCase
from penalties.services.sweeping import sweep

State = PenaltyCase.State
# Working days for the buyer's own steps; the contract sets none.
OWN_STEP = 5


def deadlines_of(case: PenaltyCase, *, today: date) -> Iterator[Deadline]:
    """The deadlines of a case that has been notified, as they stand on `today`."""
    calendar = Clocks().of(case.contract).calendar
    zone = ZoneInfo(case.contract.zone)

    def day(moment: datetime | None) -> date | None:
        return moment.astimezone(zone).date() if moment is not None else None

    waiting = case.state == State.NOTIFIED
    words = {"number": case.number, "title": case.title}
    agreed = day(case.agreed_at)
    if case.sent_on is not None:
        yield Deadline(
            "penalty.delivery", case.number, _("Record when the penalty notice arrived: %(number)s %(title)s") % words,
            case.clause or "—", "buyer", calendar.add_workdays(case.sent_on, OWN_STEP), role="FIN",
            done_on=case.received_on, over=not waiting,
        )  # fmt: skip
    if case.object_by is None:
        return
    past = today > case.object_by
    yield Deadline(
        "penalty.objection", case.number, _("Object to the penalty or accept it: %(number)s %(title)s") % words,
        case.clause or "—", "vendor", case.object_by, kind="contractual" if case.object_by_contract else "internal",
        amount=case.amount, done_on=day(case.objected_at) or agreed, over=past or not waiting,
    )  # fmt: skip
    if past or agreed is not None:
        title = _("Nobody objected, record that it is final: %(number)s %(title)s") % words
        yield Deadline(
            "penalty.final", case.number, title, case.clause or "—", "buyer",
            calendar.add_workdays(case.object_by, OWN_STEP), role="FIN", amount=case.amount, done_on=agreed,
            over=not waiting,
        )  # fmt: skip


def deadlines_sync(case: PenaltyCase, *, actor: Viewer) -> None:
    """Bring the obligations of a case in line with it, in the transaction of the act that changed it. Before the notice
    there are none."""
    if case.issued_at is None:
        return
    for deadline in deadlines_of(case, today=today_for(case.contract)):
        deadline_keep(case.contract, deadline, actor=actor, cause=f"penalty:{case.number}")


def deadlines_sweep(*, actor: Viewer = SYSTEM) -> int:
    """The nightly run: periods that have ended close, and the buyer is asked to record it; how many cases were looked
    at. A case whose deadlines cannot be kept does not stop the others."""

    def look(case: PenaltyCase) -> int:
        with transaction.atomic():
            contract = contract_locked(case.contract_id)
            locked: PenaltyCase = PenaltyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
            locked.contract = contract
            deadlines_sync(locked, actor=actor)
        return 1

    rows = PenaltyCase.objects.filter(state=State.NOTIFIED).order_by("contract_id", "pk")
    return sweep(rows, look, what="keeping the deadlines")
