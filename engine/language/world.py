"""What the evaluator asks of its surroundings; `engine.evaluation` answers from facts and a definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, Protocol

from ..calendars import Calendar
from ..derivation import Step
from ..intervals import Interval
from . import syntax as s
from .offsets import Length
from .spans import Span, Zone
from .values import Choice, Element, Money, Points, Value

What = Literal["due", "raw", "done"]
# Where an assessment comes from; "" with the name "" means all of them.
Source = Literal["rule", "pool", ""]


class Row(Protocol):
    """One row of a table that `band` or `tier` looks up; `round` counts x in started or full units of `to`."""

    @property
    def range(self) -> s.Range:
        """Where the row applies."""

    @property
    def value(self) -> s.Expr:
        """What it gives; the variable `x` stands for the number looked up."""

    @property
    def clause(self) -> str:
        """The clause of the row."""

    @property
    def round(self) -> s.Expr | None:
        """What x becomes before `value` sees it, an expression of `x`."""


class Table(Protocol):
    """A table of ranges."""

    @property
    def id(self) -> str:
        """Its name in the definition."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def rows(self) -> Sequence[Row]:
        """Its rows, in the order of the definition."""

    @property
    def covers(self) -> s.Range | None:
        """The numbers the table is about; None where its rows alone say so."""


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
    # What the evaluator has worked out already, kept for the lifetime of the world.
    cache: dict[Any, Any]

    def event(self, name: str) -> Span:
        """When the event happened; absent events lie after as-of."""

    def happened(self, name: str) -> bool:
        """True if the event was seen by as-of."""

    def term(self, name: str, end: Literal["start", "end"]) -> Span:
        """One edge of a term."""

    def duty(self, name: str, keys: tuple[str, ...], what: What) -> Span:
        """The due date of a duty's instance, the same before rolling, or when it was done."""

    def reading(self, name: str, args: tuple[Element, ...] = (), variables: Mapping[str, Element] | None = None
                ) -> Choice:  # fmt: skip
        """The option chosen (its key or value), or all options if undecided; a value may use the arguments."""

    def reading_key(self, name: str) -> Choice:
        """The key of the option chosen, or every key if undecided."""

    def constant(self, kind: str, name: str, args: tuple[str, ...]) -> Value:
        """Any other reference: contract.total, a parameter …"""

    def calendar(self, code: str) -> Calendar:
        """The calendar of a code; an empty code means the contract's, as the profile reads it."""

    def members(self, name: str) -> tuple[Element, ...] | None:
        """The set of that name, or None if there is no such set."""

    def held(self, kind: str, field: str, name: str) -> Element | None:
        """The item of that id, if things of this kind have a field declared to hold such an item."""

    def breaches(self, duty: str) -> tuple[Element, ...]:
        """The instances of a duty that are in breach."""

    def interval_name(self, plural: str) -> str:
        """The name facts use for a set of intervals (`holds` → `hold`)."""

    def spells(self, name: str) -> tuple[Interval, ...] | None:
        """The intervals of that plural name seen by as-of, an open one running to the end of time."""

    # -- amounts ---------------------------------------------------------------------------------------------------

    def table(self, name: str) -> Table:
        """The table of that name."""

    def periods(self, tree: s.Each) -> tuple[tuple[Element, ...] | None, frozenset[str]]:
        """The periods of a term, or None and what is missing while the term has no start."""

    def zero(self, tree: s.Call) -> Money | Points | Length | None:
        """What a sum of nothing is: no yuan, no points, no time; None where its unit is not known."""

    def is_series(self, name: str) -> bool:
        """Whether a set holds figures of periods."""

    def takes_arguments(self, measure: str) -> bool:
        """Whether a measure has an instance per element of its "for" clause."""

    def measure(self, name: str, args: tuple[Element, ...]) -> Value:
        """A measure for these elements, in the order of its "for" clause; computed once."""

    def measures(self, name: str) -> tuple[Element, ...]:
        """Every instance of a measure: its variables, `at`, and its `value`."""

    def words(self, kind: str, name: str) -> tuple[str, str]:
        """The title and clause of a table of the definition; empty texts where there are none."""

    def reading_words(self, name: str) -> tuple[str, str, str, str]:
        """Title, clause, the sentence of the option in force, and whether it was chosen, defaulted or is undecided."""

    def measure_steps(self, name: str, args: tuple[Element, ...]) -> tuple[Step, ...]:
        """How a measure came about."""

    def assessments(self, kind: Source, name: str) -> Choice:
        """The assessments of a rule, or the results of a pool, as one set of elements.

        Fields: `amount` (within bounds while undecided), `at`, `rule`, the variables of the instance, and what its
        `because` names. A set whose members are in doubt has several options, as a filtered set has.
        """

    def assessed(self, kind: Source, name: str) -> Choice:
        """The sum assessed so far, exact Money or Points; within bounds while undecided."""

    def settled(self, kind: Source, name: str) -> Choice:
        """The sum already settled."""

    def payments(self) -> tuple[Element, ...]:
        """The payments made by as-of, with `instalment`, `amount` and `at`."""
