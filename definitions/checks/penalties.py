"""What a table of penalties leaves open or makes pointless: holes, overlaps, caps, growth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise

from definitions.problems import Problem, make_problem
from definitions.reader import Source
from engine.assessment.amounts import amount_of
from engine.calendars import Calendar
from engine.definition import Definition, Pool
from engine.definition.model import RangeTable
from engine.definition.units import units_of
from engine.facts import FactStore
from engine.language import syntax as s
from engine.language.evaluator import Evaluator
from engine.language.syntax import Expr, Range
from engine.language.values import Choice, size
from engine.world import FactWorld

ANY_DAY = date(2000, 1, 1)
# What makes an amount grow with the facts, unless a least of it and a limit is taken.
GROWING = ("steps", "tier", "count", "sum", "days", "months", "ordinal", "streak")


def check(source: Source, definition: Definition, calendars: Mapping[str, Calendar]) -> Iterator[Problem]:
    """Warnings for the health page."""
    world = FactWorld(definition, FactStore(), calendars, ANY_DAY, None, {})
    for table in definition.tables.values():
        yield from _overlaps(source, table, world)
        yield from _holes(source, table, world)
    for pool in definition.pools.values():
        yield from _negative_caps(source, pool, world)
    yield from _growth(source, definition)
    yield from _caps(source, definition, world)


# -- holes -------------------------------------------------------------------------------------------------------------


def _holes(source: Source, table: RangeTable, world: FactWorld) -> Iterator[Problem]:
    """The places a table covers and has no row for, with the rows next to them."""
    if table.covers is None or not table.rows:
        return
    rows = sorted((row.range for row in table.rows), key=lambda row: _edge(world, row.low, low=True))
    places: list[str] = []
    neighbours: list[str] = []
    for below, above in pairwise(rows):
        end, start = _edge(world, below.high, low=False), _edge(world, above.low, low=True)
        if end == start and not (below.high_closed or above.low_closed):
            places.append(str(below.high))
        elif end < start:
            places.append(_written(not below.high_closed, below.high, above.low, not above.low_closed))
        else:
            continue
        neighbours += [str(below), str(above)]
    first, last, covers = rows[0], rows[-1], table.covers
    starts = _edge(world, covers.low, low=True), _edge(world, first.low, low=True)
    if starts[0] < starts[1] or (starts[0] == starts[1] and covers.low_closed and not first.low_closed):
        places.insert(0, _written(covers.low_closed, covers.low, first.low, not first.low_closed))
        neighbours.append(str(first))
    ends = _edge(world, last.high, low=False), _edge(world, covers.high, low=False)
    if ends[0] < ends[1] or (ends[0] == ends[1] and covers.high_closed and not last.high_closed):
        places.append(_written(not last.high_closed, last.high, covers.high, covers.high_closed))
        neighbours.append(str(last))
    if places:
        yield make_problem(
            "hole", file=source.file_of("table", table.id), table=f"table.{table.id}", clause=table.clause,
            level="warning", title=table.title, places="; ".join(places),
            neighbours="; ".join(dict.fromkeys(neighbours)),
        )  # fmt: skip


def _overlaps(source: Source, table: RangeTable, world: FactWorld) -> Iterator[Problem]:
    """Rows upside down, and rows that share a number: which of them counts would be anybody's guess."""
    place = {"file": source.file_of("table", table.id), "table": f"table.{table.id}"}
    settled = [row for row in table.rows if _settled(world, row.range)]
    for row in settled:
        low, high = _edge(world, row.range.low, low=True), _edge(world, row.range.high, low=False)
        if low > high or (low == high and not (row.range.low_closed and row.range.high_closed)):
            yield make_problem("band_inverted", **place, clause=row.clause or table.clause, row=str(row.range))
            return
    rows = sorted(settled, key=lambda row: _edge(world, row.range.low, low=True))
    for below, above in pairwise(rows):
        end, start = _edge(world, below.range.high, low=False), _edge(world, above.range.low, low=True)
        if end > start or (end == start and below.range.high_closed and above.range.low_closed):
            yield make_problem(
                "band_overlap", **place, clause=above.clause or table.clause, first=str(below.range),
                second=str(above.range), place=str(above.range.low),
            )  # fmt: skip


def _settled(world: FactWorld, span: Range) -> bool:
    """True if the definition alone says where a range begins and ends."""
    values = [Evaluator(world).value(edge) for edge in (span.low, span.high) if edge is not None]
    return all(isinstance(value, Choice) and value.is_certain for value in values)


def _edge(world: FactWorld, tree: Expr | None, *, low: bool) -> tuple[int, Fraction]:
    """Where an edge lies, in the order of numbers; an open end lies beyond them all."""
    if tree is None:
        return (-1 if low else 1), Fraction(0)
    value = Evaluator(world).value(tree)
    return 0, Fraction(size(value.value)) if isinstance(value, Choice) and value.is_certain else Fraction(0)


def _written(low_closed: bool, low: Expr | None, high: Expr | None, high_closed: bool) -> str:
    return str(Range(low, high, low_closed, high_closed))


# -- limits ------------------------------------------------------------------------------------------------------------


def _growth(source: Source, definition: Definition) -> Iterator[Problem]:
    """Rules whose amount grows with the facts and that nothing limits."""
    capped = {name for pool in definition.pools.values() if pool.caps for name in _below(definition, pool)}
    for rule in definition.rules.values():
        if rule.yields != "money" or rule.amount is None or rule.id in capped:
            continue
        if _grows(rule.amount):
            yield make_problem("uncapped_rule", file=source.file_of("rule", rule.id), table=f"rule.{rule.id}",
                               clause=rule.clause, level="warning")  # fmt: skip


def _grows(tree: Expr) -> bool:
    if isinstance(tree, s.Call) and tree.function == "min" and len(tree.args) > 1:
        return all(_grows(arg) for arg in tree.args)
    if isinstance(tree, s.Call) and tree.function in GROWING:
        return True
    if isinstance(tree, s.Field) and tree.name in ("days", "delay"):
        return True
    return any(_grows(child) for child in tree.children())


def _below(definition: Definition, pool: Pool) -> Iterator[str]:
    for name in pool.over:
        if name in definition.pools and name != pool.id:
            yield from _below(definition, definition.pools[name])
        else:
            yield name


def _caps(source: Source, definition: Definition, world: FactWorld) -> Iterator[Problem]:
    """Caps of fixed limits that the fixed amounts below can never reach, or always exceed."""
    units = units_of(definition)
    for pool in definition.pools.values():
        members = [definition.rules.get(name) for name in pool.over]
        amounts = [
            None if rule is None or rule.amount is None or _asks(rule.amount) else
            amount_of(Evaluator(world).value(rule.amount), units[f"rule.{rule.id}"], rule.round)
            for rule in members
        ]  # fmt: skip
        if not amounts or any(each is None or each.low is None or each.high is None for each in amounts):
            continue
        lows = [each.low for each in amounts if each is not None and each.low is not None]
        highs = [each.high for each in amounts if each is not None and each.high is not None]
        for number, cap in enumerate(pool.caps, start=1):
            limit = amount_of(Evaluator(world).value(cap.limit), units[f"pool.{pool.id}"]).value
            if limit is None or _asks(cap.limit):
                continue
            place = {"file": source.file_of("pool", pool.id), "table": f"pool.{pool.id}.caps.{number}",
                     "clause": cap.clause or pool.clause, "level": "warning", "limit": str(cap.limit)}  # fmt: skip
            if pool.combine != "sum" and not cap.window and max(highs) < limit:
                yield make_problem("cap_never_reached", **place, most=max(highs))
            elif min(lows) >= limit:
                yield make_problem("cap_always_reached", **place, least=min(lows))


def _negative_caps(source: Source, pool: Pool, world: FactWorld) -> Iterator[Problem]:
    """Limits below zero, which nothing could ever keep."""
    for number, cap in enumerate(pool.caps, start=1):
        value = Evaluator(world).value(cap.limit)
        if isinstance(value, Choice) and value.is_certain and size(value.value) < 0:
            yield make_problem(
                "negative", file=source.file_of("pool", pool.id), table=f"pool.{pool.id}.caps.{number}",
                clause=cap.clause or pool.clause, field="limit", value=str(cap.limit),
            )  # fmt: skip


def _asks(tree: Expr) -> bool:
    """True if an expression looks at facts: variables, sets, measures, events."""
    kinds = ("contract", "line", "instalment", "security")
    return any(isinstance(node, s.Var) or (isinstance(node, s.Ref) and node.kind not in kinds) for node in tree.walk())
