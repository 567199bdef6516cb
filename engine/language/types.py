"""The types of the language, and the names an expression may use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .syntax import Expr


@dataclass(frozen=True)
class Type:
    """A type; `detail` is a currency, or the kind of an element or of a set's members."""

    name: str
    detail: str = ""

    def __str__(self) -> str:
        return _WORDS.get(self.name, self.name) + (f" ({self.detail})" if self.detail else "")


DATE, INSTANT, MOMENT = Type("date"), Type("instant"), Type("moment")
CLOCK, SPAN = Type("clock"), Type("span")
COUNT, RATIO, POINTS = Type("count"), Type("ratio"), Type("points")
BOOL, TEXT, NEVER, ANY = Type("bool"), Type("text"), Type("never"), Type("any")
TERM, DUTY = Type("term"), Type("duty")

_WORDS = {
    "moment": "date or instant", "clock": "elapsed time", "span": "calendar time", "count": "number",
    "bool": "condition", "never": "none", "element": "thing", "any": "anything",
    "rate": "exchange rate",
}  # fmt: skip

MOMENTS = ("date", "instant", "moment", "never")
NUMBERS = ("count", "ratio")
DURATIONS = ("clock", "span")


def money(currency: str) -> Type:
    """An amount of one currency."""
    return Type("money", currency)


def rate(of: str, per: str) -> Type:
    """An exchange rate: so much of one currency for one unit of another."""
    return Type("rate", f"{of}/{per}")


def element(kind: str) -> Type:
    """A member of a set."""
    return Type("element", kind)


def set_of(kind: str) -> Type:
    """A set of elements of a kind."""
    return Type("set", kind)


def attribute_type(name: str, currency: str, kinds: Collection[str] = ()) -> Type:
    """The type an attribute's declaration names; one of `kinds` means an item of that kind, named by its id."""
    simple = {
        "bool": BOOL, "count": COUNT, "number": COUNT, "ratio": RATIO, "points": POINTS, "date": DATE,
        "instant": INSTANT, "moment": MOMENT, "duration": CLOCK, "span": SPAN, "text": TEXT, "any": ANY,
        "money": money(currency), "system": element("system"), "systems": set_of("system"), "texts": set_of("text"),
    }  # fmt: skip
    if name.startswith("money(") and name.endswith(")"):
        return money(name[6:-1])
    return simple.get(name, element(name) if name in kinds else TEXT)


@dataclass(frozen=True)
class Environment:
    """Every name of a definition, with its type.

    `refs` by namespace (`event` → `signed`), `sets` by plural, `fields` by element kind, `duties` with the names of
    their variables, `options` of readings, `calendars` by code, `findings` a rule may ask for by bare name.
    """

    refs: Mapping[str, Mapping[str, Type]]
    sets: Mapping[str, Type]
    fields: Mapping[str, Mapping[str, Type]]
    duties: Mapping[str, tuple[str, ...]]
    options: Mapping[str, tuple[str, ...]]
    calendars: frozenset[str]
    tables: Mapping[str, Type]
    findings: Mapping[str, Type] = field(default_factory=dict)
    interval_kinds: frozenset[str] = frozenset()
    # measures and readings with arguments (`measure.mean_response`): the variables they take, with their types
    callables: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    # what the tables look up: the type of their ranges' ends, and whether their rows make use of `x`
    ranges: Mapping[str, tuple[Type, bool]] = field(default_factory=dict)
    # what each `sum(…)` that was checked adds up: of nothing it is so much of nothing
    sums: dict[Expr, Type] = field(default_factory=dict, compare=False)
