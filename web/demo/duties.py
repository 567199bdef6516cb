"""What was owed and done: reports handed in and accepted, some late, one rejected, two waiting; a departure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from accounts.scoping import SYSTEM
from obligations.selectors import due_between, obligation_object
from obligations.services import events, submissions
from obligations.services.reminders.actions import acknowledge
from web.demo.stage import Stage, upload

# Reports of the last weeks are told one by one, everything older is on time, a few a little late …
RECENT = timedelta(days=35)
# … and two monthly reports by so many days: the report for which month of service, counted from 0.
LATE_REPORTS = {2: 9, 3: 16}


def tell(stage: Stage) -> None:
    _past(stage)
    _recent(stage)
    _departure(stage)


def _hand_in(stage: Stage, obligation: Any, done_on: date, *, accept: bool = True, note: str = "") -> Any:
    cast, vendor_side = stage.cast, obligation.obligor == "vendor"
    submission = submissions.submission_add(
        actor=cast.vendor if vendor_side else cast.it,
        obligation=obligation,
        done_on=min(done_on, stage.today),
        note=note or ("按期提交" if done_on <= obligation.due_on else "补交"),
        uploads=[upload(obligation.ref or obligation.duty, obligation.title, str(done_on))]
        if obligation.duty.endswith("report")
        else [],
        reference=f"演示-{obligation.ref or obligation.duty}-{obligation.key_text or '1'}",
    )
    if accept:
        submissions.submission_accept(actor=cast.it if vendor_side else cast.mgr, submission=submission)
    return submission


def _owed(stage: Stage, first: date, last: date) -> list[Any]:
    """What fell due between two days and is still owed, payments and the deposit apart."""
    rows = due_between(
        viewer=SYSTEM, contract=stage.contract, first=first, last=last, as_of=stage.today, owed_only=True
    )
    return [
        obligation_object(row.pk, viewer=SYSTEM)
        for row in rows
        if not row.duty.startswith(("payment", "deposit")) and row.obligor != "third"
    ]


def _past(stage: Stage) -> None:
    late_months = {f"{stage.month(index):%Y-%m}": days for index, days in LATE_REPORTS.items()}
    for index, obligation in enumerate(_owed(stage, stage.contract.starts_on, stage.today - RECENT)):
        late = 3 if index % 17 == 5 else 0
        if obligation.duty == "monthly_report":
            late = late_months.get(obligation.key_text, 0)
        done_on = obligation.due_on + timedelta(days=late or -(index % 3))
        _hand_in(stage, obligation, done_on)


def _recent(stage: Stage) -> None:
    """The last five weeks: most on time, one rejected, two waiting for review, some still owed."""
    recent = _owed(stage, stage.today - RECENT + timedelta(days=1), stage.today)
    own = [one for one in recent if one.obligor != "vendor"]
    priced = [one for one in recent if one.duty == "monthly_report"]
    theirs = [one for one in recent if one.obligor == "vendor" and one not in priced]
    for number, obligation in enumerate(reversed(theirs)):
        if number == 1:
            rejected = _hand_in(stage, obligation, obligation.due_on, accept=False)
            submissions.submission_reject(
                actor=stage.cast.it, submission=rejected, note="缺少故障统计一节，请补充后重新提交。"
            )
        elif number in (2, 3):
            _hand_in(stage, obligation, obligation.due_on, accept=False, note="请审阅")
        elif number == 4:
            acknowledge(actor=stage.cast.vendor, obligation=obligation)
        elif number > 4:
            _hand_in(stage, obligation, obligation.due_on)
    for obligation in priced:
        _hand_in(stage, obligation, obligation.due_on)
    for obligation in own[1:]:  # the buyer is behind with one of its own
        _hand_in(stage, obligation, obligation.due_on)


def _departure(stage: Stage) -> None:
    """Something for the manager to decide: IT reports that a person of the on-site team left."""
    left = stage.today - timedelta(days=1)
    events.item_record(
        actor=stage.cast.it, contract=stage.contract, kind="departure", item_id="d1", on=left,
        attributes={"left": left.isoformat()}, note="驻场人员 1 名离岗，待确认",
    )  # fmt: skip
