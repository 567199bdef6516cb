"""Which sentence a reminder says, as things stand on the day it is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

from obligations.models import Obligation
from obligations.services.reminders.schedule import Clock, Due


def base_params(obligation: Obligation) -> dict[str, Any]:
    """What every sentence about one obligation may name. One access to `contract`."""
    return {
        "title": obligation.title,
        "ref": obligation.ref,
        "clause": obligation.clause,
        "contract": obligation.contract.title,
        "number": obligation.contract.number,
    }


def sentence_for(
    step: str, obligation: Obligation, due: Due | None, clock: Clock, today: date
) -> tuple[str, dict[str, Any]]:
    """(message id, parameters) of one reminder, as things stand on `today` in the contract's zone."""
    params = base_params(obligation)
    if due is None:
        return "reminder.undated", params
    days = (due.on - today).days
    shown = due.at.astimezone(clock.zone).strftime("%Y-%m-%d %H:%M") if due.instant else due.on.isoformat()
    params |= {"due": shown, "days": abs(days)}
    if step == "now":
        return "reminder.now", params
    if step == "passed":
        return "reminder.passed", params
    if step.startswith("chase-"):
        return "reminder.chased", params
    if step.startswith("escalate-"):
        return "reminder.escalated", params
    if days < 0:
        return "reminder.overdue", params
    if due.base < today:
        return "reminder.strict", params | {"safe": due.base.isoformat()}
    if days == 0:
        return "reminder.today", params
    return ("reminder.tomorrow" if days == 1 else "reminder.before"), params
