"""The sentences of reminders: message ids with parameters, rendered in each reader's language by doors and channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from engine.messages import cite

# Parameters: title, clause, due (ISO date or local minute), days, contract; digest: late, soon; hole: role, party.
MESSAGES: dict[str, str] = {
    "reminder.before": _("Due in %(days)s days, on %(due)s: %(title)s (%(clause)s)"),
    "reminder.tomorrow": _("Due tomorrow, on %(due)s: %(title)s (%(clause)s)"),
    "reminder.today": _("Due today: %(title)s (%(clause)s)"),
    "reminder.strict": _(
        "The stricter reading's date, %(safe)s, has passed; due on %(due)s at the latest: %(title)s (%(clause)s)"
    ),
    "reminder.overdue": _("Overdue since %(due)s (days late: %(days)s): %(title)s (%(clause)s)"),
    "reminder.now": _("Act now, until %(due)s: %(title)s (%(clause)s)"),
    "reminder.passed": _("The time ran out at %(due)s: %(title)s (%(clause)s)"),
    "reminder.escalated": _("Nobody has acknowledged this, due on %(due)s: %(title)s (%(clause)s)"),
    "reminder.chased": _("You are asked to act on this, due on %(due)s: %(title)s (%(clause)s)"),
    "reminder.undated": _("You are asked to act on this: %(title)s (%(clause)s)"),
    "reminder.digest": _("%(contract)s: overdue duties: %(late)s, due soon: %(soon)s"),
    "reminder.handed_over": _("%(actor)s handed this over to you: %(title)s (%(clause)s)"),
    "reminder.empty_role": _("Nobody at %(party)s holds the role %(role)s; reminders of %(contract)s miss them"),
    "reminder.no_address": _("%(person)s has no e-mail address; reminders show in the application only"),
    "reminder.person_left": _("%(person)s has left, yet keeps %(title)s: hand it over"),
}


def render_message(message: str, params: Mapping[str, Any]) -> str:
    """The sentence in the active language; an unknown id (of a newer release) shows as itself."""
    source = MESSAGES.get(message)
    if source is None:
        return message
    if params.get("clause"):
        params = {**params, "clause": cite(str(params["clause"]), gettext)}
    return gettext(source) % params
