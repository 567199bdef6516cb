"""What a definition says about service levels: its kind of incident, its kinds of spells, its commitments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Any

from engine.definition import Definition
from engine.definition.literals import read_literal
from engine.definition.model import Commitment, IntervalKind, ItemKind

# Attributes that say when or where something was, entered from a record; everything else is a finding to establish.
ENTRIES = frozenset({"instant", "date", "moment", "systems", "system"})
# Types that are always findings: they decide about money.
FINDINGS = frozenset({"bool", "count", "money", "number", "ratio", "points"})

# The usual course of a fault, in the order things happen; a definition may have any others.
COURSE = ("occurred", "reported", "registered", "responded", "arrived", "located", "restored", "first_feedback")


def incident_kind(definition: Definition) -> ItemKind | None:
    """The definition's kind of incident; None if it has none."""
    return next((kind for kind in definition.items.values() if kind.domain == "incident"), None)


def interval_kinds(definition: Definition, *domains: str) -> tuple[IntervalKind, ...]:
    """The kinds of spells with one of the domains; all that have a domain without an argument."""
    return tuple(
        kind for kind in definition.intervals.values() if kind.domain and (not domains or kind.domain in domains)
    )


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an incident. `judged`: somebody establishes it on paper and a second person confirms it;
    otherwise it is entered from the ticket. `who`, `clause`, `note` as the definition gives them."""

    name: str
    type: str
    judged: bool
    who: str = ""
    clause: str = ""
    note: str = ""


def attributes_of(kind: ItemKind) -> tuple[Attribute, ...]:
    """The attributes: the usual course of a fault first, the others by name (a database does not keep their order)."""
    about: Mapping[str, Any] = kind.data.get("about", {})
    order = {name: place for place, name in enumerate(COURSE)}
    return tuple(
        Attribute(
            name, type_, type_ in FINDINGS or name in about,
            **{key: str(about.get(name, {}).get(key, "")) for key in ("who", "clause", "note")},
        )
        for name, type_ in sorted(kind.attributes.items(), key=lambda each: (order.get(each[0], len(order)), each[0]))
    )  # fmt: skip


def needs_second_person(kind: ItemKind, attribute: Attribute) -> bool:
    """Whether another role confirms the attribute: where the definition names one besides the recorder's own."""
    return attribute.judged and kind.confirmer not in ("", kind.recorder)


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground for not counting an outage, with the papers it needs and the readings under which it holds."""

    id: str
    title: str
    clause: str
    note: str
    papers: Mapping[str, str]
    readings: Mapping[str, tuple[str, ...]]

    def holds(self, chosen: Mapping[str, str]) -> bool:
        """Whether the ground excludes anything under the readings chosen (a reading's key → its option)."""
        return all(chosen.get(name) in options for name, options in self.readings.items())


def grounds_of(definition: Definition) -> Mapping[str, Ground]:
    """Every ground of the definition's kinds of exclusions, by id."""
    return {
        name: Ground(
            name,
            str(data.get("title", name)),
            str(data.get("clause", "")),
            str(data.get("note", "")),
            dict(data.get("papers", {})),
            {reading: tuple(options) for reading, options in data.get("readings", {}).items()},
        )
        for kind in interval_kinds(definition, "exclusion")
        for name, data in kind.data.get("grounds", {}).items()
    }


def exclusion_kind(definition: Definition, *, of_system: bool) -> IntervalKind | None:
    """The kind of exclusion for one system, or for the platform and all; the other one if there is only one."""
    kinds = interval_kinds(definition, "exclusion")
    return next((kind for kind in kinds if ("system" in kind.key) is of_system), None)


def readings_in_force(definition: Definition, chosen: Mapping[str, str]) -> dict[str, str]:
    """The option of every reading: the one chosen, else the default."""
    return {name: chosen.get(name, reading.default) for name, reading in definition.readings.items()}


@dataclass(frozen=True, slots=True)
class Promise:
    """A commitment in figures. `sort`: "availability" (a share of a window, from spells of kind `spells`), "clock"
    (from one moment of an incident to another within `limit`), "figure" (a number people enter per period) or "other".
    """

    id: str
    title: str
    clause: str
    sort: str
    target_text: str
    window: str
    note: str = ""
    ratio: Fraction | None = None
    spells: str = ""
    of_platform: bool = False
    series: str = ""
    limit: timedelta | None = None
    start: str = ""
    start_reading: str = ""
    end: str = ""
    only_if: str = ""
    measure: str = ""
    duty: str = ""
    # Readings (key → options) under which excluded time leaves the denominator too.
    reduced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def starts_from(self, readings: Mapping[str, str]) -> str:
        """The attribute the clock starts from, which may be a matter of reading."""
        return readings.get(self.start_reading, self.start) if self.start_reading else self.start


def _literal(text: str, kind: str, definition: Definition) -> Any:
    try:
        return read_literal(text, kind, definition)
    except ValueError:
        return None


def _limit(text: str, definition: Definition) -> timedelta | None:
    """Elapsed time such as "15 minutes"; None for calendar time, which duties count."""
    length = _literal(text, "duration", definition)
    return None if length is None else timedelta(microseconds=int(length.microseconds))


def _promise(definition: Definition, commitment: Commitment) -> Promise:
    data = commitment.data
    spells = str(data.get("spells", ""))
    ratio = _literal(commitment.target, "ratio", definition) if commitment.target.endswith("%") else None
    limit = _limit(commitment.target, definition) if ratio is None else None
    start, end = str(data.get("from", "")), str(data.get("to", ""))
    kind = definition.intervals.get(spells)
    if kind is not None and ratio is not None:
        sort = "availability"
    elif start and end and limit is not None:
        sort = "clock"
    elif commitment.measure in definition.series:
        sort = "figure"
    else:
        sort = "other"
    return Promise(
        id=commitment.id, title=commitment.title, clause=commitment.clause, sort=sort, target_text=commitment.target,
        window=commitment.window, note=str(data.get("note", "")),
        ratio=None if ratio is None else Fraction(ratio),
        spells=spells, of_platform=kind is not None and kind.domain == "platform_outage",
        series=commitment.measure if sort == "figure" else "",
        limit=limit, start=start,
        start_reading=str(data.get("from_reading", "")), end=end, only_if=str(data.get("only_if", "")),
        measure=commitment.measure, duty=str(data.get("duty", "")),
        reduced={name: tuple(options) for name, options in data.get("reduced", {}).items()},
    )  # fmt: skip


def promises(definition: Definition) -> tuple[Promise, ...]:
    """Every commitment of the definition, in its order."""
    return tuple(_promise(definition, commitment) for commitment in definition.commitments.values())


def clocks(definition: Definition) -> tuple[Promise, ...]:
    """The commitments that are limits of one incident."""
    return tuple(promise for promise in promises(definition) if promise.sort == "clock")


def moments(kind: ItemKind) -> Iterator[str]:
    """The attributes that are moments, in the usual course."""
    return (attribute.name for attribute in attributes_of(kind) if attribute.type == "instant")
