"""A contract as data: frozen values, as the TOML folder states them, with every expression parsed.

Amounts are `Decimal` in the contract's currency, dates are `date`, expressions are syntax trees. Whatever a table
holds beyond the named fields (bank details, notes …) stays in `data`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ..calendars import Calendar
from ..language.syntax import Binding, Expr, Field, Range, Var
from ..problems import Problem

Data = Mapping[str, Any]

# The two sides of every contract.
SIDES = ("buyer", "vendor")


@dataclass(frozen=True)
class Contract:
    """The contract itself; `zone` decides where its days end, `profile` and `calendar` how its days are counted."""

    number: str
    title: str
    currency: str
    total: Decimal | None
    capitals: str
    zone: str
    profile: str
    calendar: str
    demo: bool
    summary: str
    data: Data


@dataclass(frozen=True)
class Profile:
    """How deadlines are counted; each setting a literal or `reading.x`, so that a reading may change it."""

    start_day: str
    calendar: str
    roll: str


@dataclass(frozen=True)
class Named:
    """What every table has: its name in the definition, a title, the clause it rests on, and its raw fields."""

    id: str
    title: str
    clause: str
    data: Data


@dataclass(frozen=True)
class Party(Named):
    """A party (`buyer`, `vendor`) or a third person (`third`)."""

    name: str
    role: str


@dataclass(frozen=True)
class Term(Named):
    """A stretch of time of the contract; both edges are moments, the end day included."""

    start: Expr
    end: Expr


@dataclass(frozen=True)
class Event(Named):
    """Something that happens once; `at` if the contract itself fixes it."""

    at: date | datetime | None
    recorder: str
    confirmer: str


@dataclass(frozen=True)
class ItemKind(Named):
    """A kind of thing that may occur any number of times, with typed attributes. `domain` says whose rows feed it."""

    plural: str
    attributes: Mapping[str, str]
    recorder: str
    confirmer: str
    domain: str

    @property
    def names(self) -> tuple[str, ...]:
        """What the set is called in expressions; without a stated plural also the id with a plain s."""
        return (self.plural,) if "plural" in self.data else tuple(dict.fromkeys((self.plural, f"{self.id}s")))


@dataclass(frozen=True)
class IntervalKind(ItemKind):
    """A kind of spell, keyed by what it concerns."""

    key: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """As of any item; many a spell (`downtime`, `planned`) has no plural, and goes by its id."""
        return super().names if "plural" in self.data else (*super().names, self.id)


@dataclass(frozen=True)
class Series(Named):
    """A number per period and key."""

    period: str
    key: Mapping[str, str]
    value: str
    recorder: str
    confirmer: str


@dataclass(frozen=True)
class System(Named):
    """One of the information systems the contract serves. `fee` is its share of the price and `months` how long it is
    in service, where the contract states them."""

    number: int
    fee: Decimal | None = None
    months: Decimal | None = None


@dataclass(frozen=True)
class Line(Named):
    """One priced line; a blank price is None, never zero."""

    number: int
    unit_price: Decimal | None
    quantity: Decimal | None
    amount: Decimal | None
    bundle: str
    group: str


@dataclass(frozen=True)
class FreeService(Named):
    """A service the price includes."""

    category: str


@dataclass(frozen=True)
class Deliverable(Named):
    """A document to hand over; `duty` tracks it, `basis` is contractual or internal."""

    phase: str
    recurrence: str
    duty: str
    basis: str
    count: int | None


@dataclass(frozen=True)
class Instalment(Named):
    """One payment of the price.

    One of: `amount`; `share`, a fraction of the total; `cumulative`, the fraction paid once it is (80% after an
    instalment up to 30% is 50%). `factor` scales a share, as a score of acceptance does.
    """

    amount: Decimal | None
    share: Decimal | None
    cumulative: Decimal | None
    factor: Expr | None
    capitals: str
    duty: str
    invoice: str
    acceptance: bool


@dataclass(frozen=True)
class Release:
    """A part of a security that is returned once `when` holds: an amount, or a share of the security."""

    amount: Decimal | None
    share: Decimal | None
    when: Expr | None


@dataclass(frozen=True)
class Security(Named):
    """A guarantee, retention or deposit.

    `amount`, or `rate` of the total, or `withholding`: the rate kept back from every payment. Valid from `since`
    until `valid_until`, or the moment `until` gives. `releases` return parts of it before the end.
    """

    amount: Decimal | None
    rate: Decimal | None
    capitals: str
    valid_until: date | None
    withholding: Decimal | None
    since: Expr | None
    until: Expr | None
    releases: tuple[Release, ...]


@dataclass(frozen=True)
class Commitment(Named):
    """A promised level of service, as stated."""

    measure: str
    target: str
    window: str


@dataclass(frozen=True)
class PenaltyTable(Named):
    """A table of the contract as printed: rows are kept as they stand."""

    formula: str
    rows: tuple[Data, ...]


@dataclass(frozen=True)
class TableRow:
    """One row of a band or tier table; `round` is what `x` becomes before `value` sees it."""

    range: Range
    value: Expr
    clause: str
    round: Expr | None = None


@dataclass(frozen=True)
class RangeTable(Named):
    """A table that `band`, `tier` or `steps` looks up; outside `covers` it gives nothing."""

    rows: tuple[TableRow, ...]
    covers: Range | None


@dataclass(frozen=True)
class Option:
    """One reading of an ambiguity: its key, a plain sentence, and a value if it means more than its key."""

    key: str
    text: str
    value: Expr | None


@dataclass(frozen=True)
class Reading(Named):
    """An ambiguity with its options; `must_choose` means a person decides before anything final rests on it."""

    problem: str
    options: tuple[Option, ...]
    default: str
    why: str
    ref: str
    must_choose: bool
    # the names its options' values use for the arguments it is given
    bindings: tuple[Binding, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The option keys, in the order given."""
        return tuple(option.key for option in self.options)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names that stand for the arguments: those bound, else those whose fields its options use (`s.fee`)."""
        if self.bindings:
            return tuple(binding.name for binding in self.bindings)
        values = (option.value for option in self.options if option.value is not None)
        nodes = (node for value in values for node in value.walk())
        named = (node.base.name for node in nodes if isinstance(node, Field) and isinstance(node.base, Var))
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True)
class Clause:
    """How far a clause is modelled: modelled, information or not_modelled."""

    number: str
    title: str
    state: str
    note: str


@dataclass(frozen=True)
class Policy:
    """A reminder policy: natural days before the due date, the role reminded, and the chain above it."""

    id: str
    title: str
    steps: tuple[int, ...]
    role: str
    chain: tuple[str, ...]
    every_workday_after: bool


@dataclass(frozen=True)
class Duty(Named):
    """An obligation. `due` is None with a `reason` if no date can be given; `bindings` make one instance each."""

    ref: str
    kind: str
    tracking: str
    group: str
    category: str
    obligor: tuple[str, ...]
    obligee: tuple[str, ...]
    trigger: str
    deadline_text: str
    evidence: str
    consequence: str
    policy: str
    lane: str
    reason: str
    bindings: tuple[Binding, ...]
    due: Expr | None
    safe: Expr | None
    target: Expr | None
    gate: Expr | None
    after_gate: Expr | None
    done: Expr | None

    @property
    def expressions(self) -> Mapping[str, Expr]:
        """The expressions present, by field name."""
        named = {
            "due": self.due, "safe": self.safe, "target": self.target,
            "gate": self.gate, "after_gate": self.after_gate, "done": self.done,
        }  # fmt: skip
        return {name: tree for name, tree in named.items() if tree is not None}


@dataclass(frozen=True)
class Right(Named):
    """Something a party may do; never a task. It may be exercised while `when` holds, until `until`."""

    ref: str
    holder: tuple[str, ...]
    bindings: tuple[Binding, ...]
    when: Expr | None
    until: Expr | None


@dataclass(frozen=True)
class Rule(Named):
    """What follows from a breach or an incident: one assessment per instance, rounded once as `round` says."""

    bindings: tuple[Binding, ...]
    when: Expr | None
    yields: str
    amount: Expr | None
    because: Expr | None
    debtor: str
    creditor: str
    findings: Mapping[str, str]
    round: str


@dataclass(frozen=True)
class Cap:
    """An upper limit. Without `window` on each group's total; with one, on what arises inside it in the whole pool.

    `window` is a calendar unit (`month`), `rolling 12 months`, or a term (`term.service`). `by` splits it further.
    What exceeds it lapses, or is carried into the next window.
    """

    limit: Expr
    window: str
    length: Expr | None
    by: tuple[Expr, ...]
    excess: str
    clause: str


@dataclass(frozen=True)
class Sink:
    """Where a pool's result is settled: `instalment.3`, `security.performance`, or a name of its own."""

    sink: str
    limit: Expr | None
    when: Expr | None
    deadline: Expr | None
    optional: bool


@dataclass(frozen=True)
class Pool(Named):
    """Assessments (or pools) that are combined, capped and settled together.

    `combine` is sum, max, choose, or `reading.x` whose option says so. `amount` is an expression over `total`.
    `claim` is the moment by which each member must be claimed. `rest` says what becomes of what no sink takes.
    """

    over: tuple[str, ...]
    by: tuple[Expr, ...]
    combine: str
    amount: Expr | None
    caps: tuple[Cap, ...]
    round: str
    claim: Expr | None
    sinks: tuple[Sink, ...]
    rest: str


@dataclass(frozen=True)
class Measure(Named):
    """A measured figure, one per instance."""

    bindings: tuple[Binding, ...]
    value: Expr


@dataclass(frozen=True)
class Check:
    """A statement the contract makes about its own numbers."""

    that: Expr
    level: str
    clause: str
    text: str


@dataclass(frozen=True)
class Definition:
    """The whole contract. Every mapping keeps the order of the files. Made by `parse_definition` only."""

    contract: Contract
    profile: Profile
    parties: Mapping[str, Party] = field(default_factory=dict)
    terms: Mapping[str, Term] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    items: Mapping[str, ItemKind] = field(default_factory=dict)
    intervals: Mapping[str, IntervalKind] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    systems: Mapping[str, System] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(default_factory=dict)
    free_services: Mapping[str, FreeService] = field(default_factory=dict)
    deliverables: Mapping[str, Deliverable] = field(default_factory=dict)
    instalments: Mapping[str, Instalment] = field(default_factory=dict)
    securities: Mapping[str, Security] = field(default_factory=dict)
    commitments: Mapping[str, Commitment] = field(default_factory=dict)
    penalty_tables: Mapping[str, PenaltyTable] = field(default_factory=dict)
    tables: Mapping[str, RangeTable] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    duties: Mapping[str, Duty] = field(default_factory=dict)
    rights: Mapping[str, Right] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    pools: Mapping[str, Pool] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    source: Data = field(default_factory=dict, repr=False)
    # The unit of each rule and pool, and of each sum of nothing; found with the types, see `units` and `environment`.
    units: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    zeros: Mapping[Expr, str] = field(default_factory=dict, repr=False, compare=False)
    # What is worth a look but refuses nothing, found while the tables were read.
    warnings: tuple[Problem, ...] = field(default=(), repr=False, compare=False)

    def to_data(self) -> dict[str, Any]:
        """The merged TOML data the definition was made from; `parse_definition` of it gives an equal definition."""
        return deepcopy(dict(self.source))
