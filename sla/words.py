"""Moments, lengths, limits and findings in words, as both parties' pages show them."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from sla.rules import Clock, exact_seconds, microseconds
from sla.selectors import IncidentView
from sla.terms import Attribute

Tone = Literal["", "ok", "bad", "info"]


def local(moment: datetime, zone: str) -> datetime:
    """The moment on the contract's clocks."""
    return moment.astimezone(ZoneInfo(zone))


def parsed(text: str) -> datetime:
    """A recorded moment."""
    return datetime.fromisoformat(text)


def moment_words(moment: datetime | None, zone: str) -> str:
    """Date and time on the contract's clocks, seconds only where there are any; a dash for none."""
    if moment is None:
        return "—"
    here = local(moment, zone)
    return f"{here:%Y-%m-%d %H:%M:%S}" if here.second or here.microsecond else f"{here:%Y-%m-%d %H:%M}"


def span_words(seconds: Fraction) -> str:
    """A length of time in hours, minutes and seconds; exact, fractions of a second included."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, last = divmod(rest, 60)
    tail = exact_seconds(last + seconds - whole)
    parts = []
    if hours:
        parts.append(_("%(n)s h") % {"n": hours})
    if minutes:
        parts.append(_("%(n)s min") % {"n": minutes})
    if tail != "0" or not parts:
        parts.append(_("%(n)s s") % {"n": tail})
    return " ".join(parts)


def length_words(length: timedelta | None) -> str:
    return "—" if length is None else span_words(Fraction(microseconds(length), 1_000_000))


def value_words(attribute: Attribute, value: Any, zone: str) -> str:
    """A finding's value in words."""
    if value is None:
        return _("Unknown")
    if value is True:
        return _("Yes")
    if value is False:
        return _("No")
    if attribute.type == "instant" and isinstance(value, str):
        return moment_words(parsed(value), zone)
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def clock_words(clock: Clock, zone: str) -> tuple[str, Tone]:
    """A limit's result in a few words."""
    if clock.start is None:
        return _("has not begun"), ""
    if clock.verdict == "met":
        return _("in time, took %(length)s") % {"length": length_words(clock.taken)}, "ok"
    if clock.verdict == "failed" and clock.taken is not None:
        over = length_words(clock.taken - clock.limit)
        return _("late by %(over)s, took %(length)s") % {"over": over, "length": length_words(clock.taken)}, "bad"
    if clock.verdict == "failed":
        return _("late since %(due)s, not done") % {"due": moment_words(clock.due, zone)}, "bad"
    return _("until %(due)s") % {"due": moment_words(clock.due, zone)}, "info"


def spell_words(spell: Any, found: IncidentView) -> tuple[str, str, str]:
    """Kind, times and length of a stretch in words."""
    kind = found.seen.definition.intervals.get(spell.kind)
    zone = found.contract.zone
    times = f"{moment_words(spell.starts_at, zone)} – "
    times += moment_words(spell.ends_at, zone) if spell.ends_at is not None else _("goes on")
    end = spell.ends_at if spell.ends_at is not None else found.seen.now
    length = length_words(max(end, spell.starts_at) - spell.starts_at)
    return kind.title if kind is not None else spell.kind, times, length
