"""What the evaluator asks of its surroundings; `engine.evaluation` answers from facts and a definition."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Protocol

from ..calendars import Calendar
from ..intervals import Interval
from .spans import Span, Zone
from .values import Choice, Element, Value

What = Literal["due", "raw", "done"]


class World(Protocol):
    """Facts as of one day, a definition, and the readings chosen."""

    zone: Zone
    as_of: date
    # The first instant after as-of: what has not been seen lies there or later.
    after: datetime
    # Reading of Civil Code 201: a forward count begins with the anchor day itself.
    start_counted: bool
    # Direction of the profile's roll, or None if the profile does not roll.
    rolls: Literal["next", "previous"] | None
    # The law to cite for the counting rules; empty outside the profile "cn".
    law: str

    def event(self, name: str) -> Span:
        """When the event happened; absent events lie after as-of."""

    def happened(self, name: str) -> bool:
        """True if the event was seen by as-of."""

    def term(self, name: str, end: Literal["start", "end"]) -> Span:
        """One edge of a term."""

    def duty(self, name: str, keys: tuple[str, ...], what: What) -> Span:
        """The due date of a duty's instance, the same before rolling, or when it was done."""

    def reading(self, name: str) -> Choice:
        """The option chosen (its key or value), or all options if undecided."""

    def reading_key(self, name: str) -> Choice:
        """The key of the option chosen, or every key if undecided."""

    def constant(self, kind: str, name: str, args: tuple[str, ...]) -> Value:
        """Any other reference: contract.total, a parameter …"""

    def calendar(self, code: str) -> Calendar:
        """The calendar of a code; an empty code means the contract's, as the profile reads it."""

    def members(self, name: str) -> tuple[Element, ...] | None:
        """The set of that name, or None if there is no such set."""

    def breaches(self, duty: str) -> tuple[Element, ...]:
        """The instances of a duty that are in breach."""

    def interval_name(self, plural: str) -> str:
        """The name facts use for a set of intervals (`holds` → `hold`)."""

    def spells(self, name: str) -> tuple[Interval, ...] | None:
        """The intervals of that plural name seen by as-of, an open one running to the end of time."""
