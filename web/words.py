"""Codes of the records in the reader's words: reminder steps, causes of due versions, recurrence, durations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.attribute_words import attribute_words
from contracts.selectors import fact_titles
from engine.messages import WORDS, in_words

STEPS: dict[str, Any] = {
    "now": gettext_lazy("at once"),
    "passed": gettext_lazy("time run out"),
    "T-0": gettext_lazy("on the due day"),
}
# What stands before the first stroke of an open-ended step's name.
REPEATED_STEPS: dict[str, Any] = {
    "overdue": gettext_lazy("overdue reminder"),
    "digest": gettext_lazy("digest of what is late"),
    "chase": gettext_lazy("chased by hand"),
}
REMINDER_STATES: dict[str, Any] = {
    "waiting": gettext_lazy("Waiting"),
    "claimed": gettext_lazy("Being sent"),
    "sent": gettext_lazy("Sent"),
    "failed": gettext_lazy("Failed"),
    "superseded": gettext_lazy("Superseded"),
}
CAUSES: dict[str, Any] = {
    "load": gettext_lazy("contract loaded"),
    "daily": gettext_lazy("daily computation"),
}
RECURRENCES: dict[str, Any] = {
    "once": gettext_lazy("once"),
    "daily": gettext_lazy("daily"),
    "weekly": gettext_lazy("weekly"),
    "monthly": gettext_lazy("monthly"),
    "quarterly": gettext_lazy("quarterly"),
    "yearly": gettext_lazy("yearly"),
    "event": gettext_lazy("on each occasion"),
    "unset": gettext_lazy("no interval stated"),
}


def step_words(step: str) -> str:
    """A reminder's step: "T-30", "overdue-2026-11-23", "escalate-1" (obligations/services/reminders/schedule.py)."""
    if step in STEPS:
        return str(STEPS[step])
    kind, _stroke, rest = step.partition("-")
    if kind == "T":
        return _("%(days)s days before") % {"days": rest}
    if kind == "escalate":
        return _("escalation %(level)s") % {"level": rest}
    return str(REPEATED_STEPS.get(kind, step))


def cause_words(cause: str, titles: Mapping[str, str] | None = None) -> str:
    """What made a due version: "load", "fact:event.x", "calendar:CN 2027", "version:2", "payment:5".

    `titles` names facts by "kind.name"; a fact without a title is shown by its name.
    """
    if cause in CAUSES:
        return str(CAUSES[cause])
    kind, _colon, rest = cause.partition(":")
    templates = {
        "fact": _("fact recorded: %(what)s"),
        "calendar": _("calendar %(what)s published"),
        "version": _("version %(what)s in force"),
        "submission": _("report handed in or reviewed"),
        "submissions": _("%(what)s reports entered or reviewed"),
        "reopened": _("obligation taken back"),
        "payment": _("payment recorded"),
        "invoice": _("invoice recorded"),
    }
    if kind not in templates:
        return cause
    return templates[kind] % {"what": (titles or {}).get(rest, rest)}


def fact_title(fact: Any, titles: Mapping[str, str]) -> str:
    """What a recorded fact is about: its title in the definition, and which one where there are several."""
    if fact.kind == "attribute":
        kind, _colon, which = fact.subject.partition(":")
        name, _stroke, key = which.partition("/")
        if kind == "duty":
            return f"{titles.get(f'duty.{name}', name)} {key} · {attribute_words(fact.name)}"
        return f"{titles.get(f'item.{kind}', kind)} {which} · {attribute_words(fact.name)}"
    return f"{titles.get(f'{fact.kind}.{fact.name}', fact.name)} {fact.subject}".strip()


def titled_facts(found: Iterable[Any]) -> list[tuple[Any, str]]:
    """Facts of any contracts, each with its title; a contract's titles are looked up once."""
    titles: dict[int, dict[str, str]] = {}
    for fact in (found := list(found)):
        if fact.contract_id not in titles:
            titles[fact.contract_id] = fact_titles(fact.contract)
    return [(fact, fact_title(fact, titles[fact.contract_id])) for fact in found]


def recurrence_words(recurrence: str) -> str:
    """How often a deliverable is owed."""
    return str(RECURRENCES.get(recurrence, recurrence))


def reminder_state_words(state: str) -> str:
    """How far a message has come."""
    return str(REMINDER_STATES.get(state, state))


def period_words(unit: str) -> str:
    """A period or unit of time: "month"."""
    return _(WORDS[unit]) if unit in WORDS else str(RECURRENCES.get(unit, unit))


def source_words(source: str) -> str:
    """Where a year's working days come from; what people typed in stays as it is."""
    return in_words(source, _)


def holiday_words(name: str) -> str:
    """A holiday's name, where the shipped calendars know it."""
    return _(name) if name else ""


def object_words(label: str, titles: Mapping[str, str]) -> str:
    """The label of a journal entry about a fact ("item incident i3") or a choice of a reading ("late_fee_cap=total")
    with its title."""
    if f"reading.{label}" in titles:
        return titles[f"reading.{label}"]
    kind, _space, rest = label.partition(" ")
    name, _stroke, subject = rest.partition(" ")
    title = titles.get(f"{kind}.{name}")
    return f"{title} {subject}".strip() if title else label


def duration_words(text: str) -> str:
    """A target such as "15 minutes" or "7 calendar_days"; any other ("99.9%") stays as it is."""
    amount, _space, unit = text.partition(" ")
    return f"{amount} {_(WORDS[unit])}" if amount.isdigit() and unit in WORDS else text
