"""The names a definition gives to facts, and whether a fact fits them. Pure: used for facts typed into a form, facts
in a file and facts of other apps alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from engine.language.errors import suggestion

MONEY = re.compile(r"[A-Z]{3} -?\d+(\.\d+)?")
RATIO = re.compile(r"-?\d+(\.\d+)?%")
DURATION = re.compile(r"\d+(\.\d+)? (minute|hour|day|calendar_day|workday|week|month|year)s?")
PERIODS = {
    "day": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "week": re.compile(r"\d{4}-W\d{2}"),
    "month": re.compile(r"\d{4}-(0[1-9]|1[0-2])"),
    "quarter": re.compile(r"\d{4}-Q[1-4]"),
    "half": re.compile(r"\d{4}-H[12]"),
    "year": re.compile(r"\d{4}"),
}
# Things a definition lists in tables of their own; findings about them need no [item.…] table.
LISTED = {"system": "system", "party": "party", "line": "line"}
_WORD = re.compile(r"[^\W\d]\w*")


def as_moment(value: Any) -> date | datetime | None:
    """A date or an instant, from either or from ISO text; None if it is neither or does not exist."""
    if isinstance(value, date | datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    except ValueError:
        return None


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = suggestion(name, known)
    return " " + _("Did you mean %(name)s?") % {"name": close} if close else ""


@dataclass(frozen=True)
class Vocabulary:
    """Fact names of one definition, given as the plain data of its tables (`Definition.to_data()`)."""

    data: Mapping[str, Any]

    def table(self, name: str) -> Mapping[str, Any]:
        """One table of the definition; empty if it has none of that name."""
        found = self.data.get(name, {})
        return found if isinstance(found, Mapping) else {}

    def spec(self, kind: str, name: str) -> Mapping[str, Any]:
        """The definition's entry for an event, item, interval or series; empty if there is none."""
        found = self.table(kind).get(name, {})
        return found if isinstance(found, Mapping) else {}

    def recorder(self, kind: str, name: str) -> str:
        """The role that records the fact; IT if the definition does not say."""
        return str(self.spec(kind, name).get("recorder") or "IT")

    def confirmer(self, kind: str, name: str) -> str:
        """The role that must confirm the fact, or "" if recording it is enough: none named, or the same role."""
        spec = self.spec(kind, name)
        named = str(spec.get("confirmer") or "")
        return "" if named == str(spec.get("recorder") or "IT") else named

    @cached_property
    def words(self) -> frozenset[str]:
        """Every name that occurs in an expression: what a finding may be about."""
        return frozenset(
            word
            for kind in ("rule", "measure", "duty", "pool", "security")
            for entry in self.table(kind).values()
            for text in _texts(entry)
            for word in _WORD.findall(text)
        )

    # -- one fact ----------------------------------------------------------------------------------------------------

    def problems(
        self,
        kind: str,
        *,
        name: str,
        subject: str = "",
        key: Mapping[str, Any] | None = None,
        period: str = "",
        value: Any = None,
    ) -> list[str]:
        """What does not fit, a sentence each: unknown names first, then keys, period and value. Empty: it fits."""
        if kind == "attribute":
            return self._finding(subject, name, value)
        known = set(self.table(kind)) | (set(self.table("duty")) if kind == "event" else set())
        if kind == "item":
            known |= set(LISTED)
        if name not in known:
            return [
                _("The definition has no %(kind)s named %(name)s.") % {"kind": kind, "name": name}
                + _did_you_mean(name, known)
            ]
        spec = self.spec(kind, name)
        found = self._keys(kind, name, spec, key or {})
        if kind == "series":
            found += self._series(name, spec, period, value)
        if kind in ("item", "interval"):
            found += self._attributes(kind, name, spec, value if isinstance(value, Mapping) else {})
        return found

    def _keys(self, kind: str, name: str, spec: Mapping[str, Any], key: Mapping[str, Any]) -> list[str]:
        if kind == "event" and name in self.table("duty"):
            return []  # the instance of a recurring duty: its own key
        allowed = spec.get("key", {}) or {}
        found = [
            _("%(name)s has no key %(key)s.") % {"name": name, "key": part} + _did_you_mean(part, allowed)
            for part in key
            if part not in allowed
        ]
        for part, of in allowed.items():
            if part in key and of in LISTED and key[part] not in self.table(LISTED[of]):
                found.append(
                    _("The definition has no %(kind)s named %(name)s.") % {"kind": of, "name": key[part]}
                    + _did_you_mean(str(key[part]), self.table(LISTED[of]))
                )
        return found

    def _series(self, name: str, spec: Mapping[str, Any], period: str, value: Any) -> list[str]:
        unit = str(spec.get("period", "month"))
        found = []
        if unit in PERIODS and not PERIODS[unit].fullmatch(period):
            found.append(
                _("%(name)s is counted by %(unit)s; %(period)s is not one. Write for example 2025-10 for a month.")
                % {"name": name, "unit": unit, "period": period or "—"}
            )
        return found + self._value(name, str(spec.get("value", "ratio")), value)

    def _attributes(
        self, kind: str, name: str, spec: Mapping[str, Any], values: Mapping[str, Any]
    ) -> list[str]:
        declared = spec.get("attributes", {}) or {}
        found: list[str] = []
        for attribute, value in values.items():
            if attribute in declared:
                found += self._value(f"{name}.{attribute}", str(declared[attribute]), value)
            elif not (kind == "item" and name in LISTED and attribute in self.words):
                found.append(
                    _("%(name)s has no attribute %(attribute)s.") % {"name": name, "attribute": attribute}
                    + _did_you_mean(attribute, declared)
                )
        return found

    def _finding(self, subject: str, name: str, value: Any) -> list[str]:
        kind, colon, rest = subject.partition(":")
        if not colon or not rest:
            return [
                _("%(subject)s does not say what the finding is about. Write for example duty:payment_1.")
                % {"subject": subject or "—"}
            ]
        first = rest.split("/")[0]
        if kind in ("duty", "rule"):
            known = self.table(kind)
            if first not in known:
                return [
                    _("The definition has no %(kind)s named %(name)s.") % {"kind": kind, "name": first}
                    + _did_you_mean(first, known)
                ]
            if kind == "duty":
                return self._value(name, "date", value) if name == "done" else self._unknown_finding(name, ("done",))
            words = {word for text in _texts(known[first]) for word in _WORD.findall(text)}
            return [] if name in words else self._unknown_finding(name, words)
        if kind in LISTED and first not in self.table(LISTED[kind]):
            return [
                _("The definition has no %(kind)s named %(name)s.") % {"kind": kind, "name": first}
                + _did_you_mean(first, self.table(LISTED[kind]))
            ]
        kinds = set(self.table("item")) | set(LISTED)
        if kind not in kinds:
            return [
                _("The definition has no %(kind)s named %(name)s.") % {"kind": "item", "name": kind}
                + _did_you_mean(kind, kinds | {"duty", "rule"})
            ]
        return self._attributes("item", kind, self.spec("item", kind), {name: value})

    @staticmethod
    def _unknown_finding(name: str, known: Iterable[str]) -> list[str]:
        return [_("Nothing asks for a finding named %(name)s.") % {"name": name} + _did_you_mean(name, known)]

    def _value(self, name: str, kind: str, value: Any) -> list[str]:
        if kind == "systems":
            if not isinstance(value, list) or not value:
                return [_("%(name)s needs a list of systems.") % {"name": name}]
            systems = self.table("system")
            return [
                _("The definition has no %(kind)s named %(name)s.") % {"kind": "system", "name": code}
                + _did_you_mean(str(code), systems)
                for code in value
                if code not in systems
            ]
        if kind == "system":
            return self._keys("", name, {"key": {"system": "system"}}, {"system": value})
        wanted = value_problem(kind, value)
        return [f"{name}: {wanted}"] if wanted else []


def value_problem(kind: str, value: Any) -> str:
    """Why `value` is not of the definition's value type `kind`, or "" if it is."""
    if isinstance(value, float):
        return _("Decimal fractions are not taken, they cannot be exact. Write a string such as \"99.98%\".")
    is_text = isinstance(value, str)
    moment = as_moment(value)
    if kind == "bool" and not isinstance(value, bool):
        return _("true or false is needed.")
    if kind == "count" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        return _("a whole number is needed.")
    if kind == "money" and not (is_text and MONEY.fullmatch(value)):
        return _("an amount such as \"CNY 12.30\" is needed.")
    if kind == "ratio" and not (is_text and RATIO.fullmatch(value)):
        return _("a percentage such as \"99.98%\" is needed.")
    if kind == "duration" and not (is_text and DURATION.fullmatch(value)):
        return _("a duration such as \"90 minutes\" is needed.")
    if kind in ("date", "instant") and moment is None:
        return _("a date such as 2025-06-30 is needed, and it must exist.")
    if isinstance(moment, datetime) and moment.tzinfo is None and kind in ("date", "instant"):
        return _("the time needs its offset, for example 2025-10-14T09:00:00+08:00.")
    if kind == "instant" and not isinstance(moment, datetime):
        return _("a time is needed, for example 2025-10-14T09:00:00+08:00.")
    if kind == "text" and not is_text:
        return _("text is needed.")
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
