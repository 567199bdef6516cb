"""System-months of availability on PostgreSQL: the product's rebuild and its one-outage refresh against the fastest
method known, written by hand, against PostgreSQL's own multiranges, and against a plain Python sweep.

1,000 systems × 12 months, 1,000,000 overlapping outages, 50,000 exclusions (a few of them of all systems). The anchor
only fetches and computes; the product also locks, deletes the old cells and writes the new ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
import psycopg

from bench.harness import QUICK, ROUNDS, Row, Variant, aa_row, judge, measure
from bench.sweep import ROOT, servers

JOB = "sla"
SYSTEMS, SPELLS, HOLES = (50, 20_000, 1_000) if QUICK else (1_000, 1_000_000, 50_000)
ZONE = "Asia/Shanghai"
DEMO = ROOT / "definitions" / "data" / "DEMO-2026-001"
SIZE = f"{SYSTEMS:,} systems × 12 months, {SPELLS:,} outages, {HOLES:,} exclusions"
Cells = dict[tuple[int, date], tuple[int, int]]

FILL_SYSTEMS = """
INSERT INTO contracts_informationsystem (contract_id, code, title, position, filing_number)
SELECT {contract}, 'b' || n, 'system ' || n, n, '' FROM generate_series(100, {last}) n
"""
# A fixed mixture of starts and lengths: about a thousand outages a system, up to four hours each, freely overlapping.
TIMES = """
SELECT n, s.id AS system, {start}::timestamptz + ((n::bigint * 7919 * 1009) % 31449600) * interval '1 second' AS a,
       (1 + (n::bigint * 104729) % {longest}) * interval '1 second' AS length
  FROM generate_series(1, {count}) n JOIN LATERAL (SELECT id FROM picked WHERE place = n % {systems}) s ON TRUE
"""
PICKED = """
CREATE TEMP TABLE picked AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
  FROM contracts_informationsystem WHERE contract_id = {contract} AND code LIKE 'b%'
"""
FILL_SPELLS = """
INSERT INTO sla_spell (contract_id, kind, domain, system_id, starts_at, ends_at, attributes, note, recorded_at,
                       withdrawal)
SELECT {contract}, 'outage', 'outage', system, a, a + length, '{{}}', '', now(), '' FROM ({times}) t
"""
FILL_HOLES = """
INSERT INTO sla_exclusion (contract_id, kind, ground, system_id, starts_at, ends_at, note, state, recorded_at,
                           accepted_at, decision_note)
SELECT {contract}, 'exclusion', 'cutover', CASE WHEN n % 5000 = 0 THEN NULL ELSE system END, a, a + length, '',
       'accepted', now(), now(), '' FROM ({times}) t
"""
PACKED = """
SELECT system_id, string_agg(timestamptz_send(starts_at) || timestamptz_send(ends_at), ''::bytea)
  FROM {table} WHERE contract_id = %s {more} GROUP BY system_id
"""
MULTIRANGE = """
WITH months AS (
  SELECT m::date AS month, tstzrange(m AT TIME ZONE '{zone}', (m + interval '1 month') AT TIME ZONE '{zone}') AS span
    FROM generate_series(timestamp '{first}', timestamp '{last}', interval '1 month') m
), general AS (
  SELECT coalesce(range_agg(tstzrange(starts_at, ends_at)), '{{}}') AS holes FROM sla_exclusion
   WHERE contract_id = {contract} AND system_id IS NULL
), own AS (
  SELECT system_id, range_agg(tstzrange(starts_at, ends_at)) AS holes FROM sla_exclusion
   WHERE contract_id = {contract} AND system_id IS NOT NULL GROUP BY system_id
), whole AS (
  SELECT system_id, range_agg(tstzrange(starts_at, ends_at)) AS spells FROM sla_spell
   WHERE contract_id = {contract} GROUP BY system_id
), pieces AS (
  SELECT w.system_id, m.month, 'whole' AS sort, unnest(w.spells * m.span::tstzmultirange) AS piece
    FROM whole w CROSS JOIN months m
  UNION ALL
  SELECT w.system_id, m.month, 'counted',
         unnest((w.spells - coalesce(o.holes, '{{}}') - g.holes) * m.span::tstzmultirange)
    FROM whole w CROSS JOIN months m CROSS JOIN general g LEFT JOIN own o USING (system_id)
)
SELECT system_id, month,
       coalesce(extract(epoch FROM sum(upper(piece) - lower(piece)) FILTER (WHERE sort = 'whole')) * 1000000, 0),
       coalesce(extract(epoch FROM sum(upper(piece) - lower(piece)) FILTER (WHERE sort = 'counted')) * 1000000, 0)
  FROM pieces GROUP BY system_id, month
"""


class World:
    """The demonstration contract with a thousand systems more, and a year of outages."""

    def __init__(self) -> None:
        from accounts.scoping import SYSTEM
        from definitions.services import contract_load

        self.contract = contract_load(DEMO, actor=SYSTEM).contract
        self.months = [date(2026 + (3 + n) // 12, (3 + n) % 12 + 1, 1) for n in range(12)]
        self.bounds = [
            datetime(month.year, month.month, 1, tzinfo=UTC) - timedelta(hours=8)
            for month in [*self.months, date(2027, 4, 1)]
        ]
        with psycopg.connect(self.address(), autocommit=True) as link:
            known = {"contract": self.contract.pk, "systems": SYSTEMS, "start": "'2026-04-01T00:00:00+08:00'"}
            link.execute(FILL_SYSTEMS.format(last=99 + SYSTEMS, **known))
            link.execute(PICKED.format(**known))
            for sql, count, longest in ((FILL_SPELLS, SPELLS, 14_400), (FILL_HOLES, HOLES, 7_200)):
                link.execute(sql.format(times=TIMES.format(count=count, longest=longest, **known), **known))
            for table in ("spell", "exclusion"):
                link.execute(f"ANALYZE sla_{table}")

    @staticmethod
    def address() -> str:
        import os

        return os.environ["DATABASE_OWNER_URL"].replace("postgres://", "postgresql://")

    # -- the four ways, all to the same cells ------------------------------------------------------------------------

    def anchor(self, link: Any) -> Cells:
        """Bytes from PostgreSQL, one packed sort per pile, prefix sums, one look-up per month border."""
        base = (self.bounds[0] - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        marks = np.array([(bound - self.bounds[0]) // timedelta(microseconds=1) for bound in self.bounds])
        stride = np.int64(1) << 46
        with link.cursor(binary=True) as cursor:
            cursor.execute(PACKED.format(table="sla_spell", more="AND superseded_at IS NULL"), [self.contract.pk])
            outages = dict(cursor.fetchall())
            cursor.execute(PACKED.format(table="sla_exclusion", more="AND state = 'accepted'"), [self.contract.pk])
            holes = dict(cursor.fetchall())
        order = sorted(outages)
        general = np.frombuffer(holes.get(None, b""), ">i8").reshape(-1, 2).astype(np.int64)

        def pile(source: dict[int, bytes], *, shared: bool) -> tuple[Any, Any]:
            starts, ends = [], []
            for place, system in enumerate(order):
                pairs = np.frombuffer(source.get(system, b""), ">i8").reshape(-1, 2)
                blocks = [pairs, general] if shared else [pairs]
                for block in blocks:
                    starts.append(block[:, 0] - base + place * stride)
                    ends.append(block[:, 1] - base + place * stride)
            return np.concatenate(starts), np.concatenate(ends)

        def covered(starts: Any, ends: Any) -> Any:
            rank = np.argsort(starts)
            starts, reach = starts[rank], np.maximum.accumulate(ends[rank])
            fresh = np.concatenate(([True], starts[1:] > reach[:-1]))
            first = starts[fresh]
            last = np.concatenate((reach[np.flatnonzero(fresh)[1:] - 1], reach[-1:]))
            before = np.concatenate(([0], np.cumsum(last - first)))
            edges = (np.arange(len(order), dtype=np.int64)[:, None] * stride + marks[None, :]).ravel()
            place = np.searchsorted(first, edges, side="right")
            over = np.where(place > 0, np.maximum(last[np.maximum(place - 1, 0)] - edges, 0), 0)
            return np.diff((before[place] - over).reshape(len(order), -1), axis=1)

        a, e = pile(outages, shared=False), pile(holes, shared=True)
        whole = covered(*a)
        both = covered(np.concatenate((a[0], e[0])), np.concatenate((a[1], e[1])))
        counted = both - covered(*e)
        return {
            (system, month): (int(whole[row, column]), int(counted[row, column]))
            for row, system in enumerate(order)
            for column, month in enumerate(self.months)
            if whole[row, column]
        }

    def product(self) -> int:
        from sla.services.cells import rebuild

        return rebuild(self.contract)

    def product_cells(self) -> Cells:
        from sla.models import MonthCell

        rows = MonthCell.objects.filter(contract=self.contract)
        return {(s, m): (w, c) for s, m, w, c in rows.values_list("system_id", "month", "whole_us", "counted_us")}

    def multirange(self, link: Any) -> Cells:
        sql = MULTIRANGE.format(zone=ZONE, first=self.months[0], last=self.months[-1], contract=self.contract.pk)
        return {(s, m): (int(w), int(c)) for s, m, w, c in link.execute(sql).fetchall()}

    def oracle(self) -> Cells:
        """Every stretch through `engine.intervals`, one system after another."""
        from engine.intervals import Interval, clip, subtract, total, union
        from sla.models import Exclusion, Spell

        piles: dict[int, list[Interval]] = {}
        for system, start, end in Spell.objects.values_list("system_id", "starts_at", "ends_at").iterator():
            piles.setdefault(system, []).append(Interval(start, end))
        holes: dict[int | None, list[Interval]] = {}
        for system, start, end in Exclusion.objects.values_list("system_id", "starts_at", "ends_at"):
            holes.setdefault(system, []).append(Interval(start, end))
        general = holes.get(None, [])
        cells: Cells = {}
        spans = [Interval(a, b) for a, b in zip(self.bounds, self.bounds[1:], strict=False)]
        for system, spells in piles.items():
            merged, gone = union(spells), union(holes.get(system, []), general)
            left = subtract(merged, gone)
            for month, span in zip(self.months, spans, strict=True):
                whole, counted = total(clip(merged, span)), total(clip(left, span))
                if whole:
                    cells[system, month] = (whole // timedelta(microseconds=1), counted // timedelta(microseconds=1))
        return cells

    def edit(self) -> Callable[[], int]:
        """What happens after one outage was entered: its system-months, no others."""
        from sla.models import Spell
        from sla.services.cells import refresh_spell

        spell = Spell.objects.filter(contract=self.contract).select_related("contract").order_by("pk")[SPELLS // 2]
        return lambda: refresh_spell(spell)


def run() -> list[Row]:
    with servers():
        world = World()
        with psycopg.connect(world.address(), autocommit=True) as link:
            link.execute("SET work_mem = '64MB'")  # what the product sets for itself
            expected = world.anchor(link)
            world.product()
            began = perf_counter()
            swept = world.oracle()
            sweep = perf_counter() - began
            same = {
                "product": world.product_cells() == expected,
                "multirange": world.multirange(link) == expected,
                "Python sweep": swept == expected,
            }
            assert all(same.values()), f"cells differ: {same}"
            edit = world.edit()
            touched = edit()
            assert world.product_cells() == expected, "the refresh changed a cell"
            times = measure(
                {
                    "anchor": Variant(lambda: world.anchor(link)),
                    "again": Variant(lambda: world.anchor(link)),
                    "product": Variant(world.product),
                    "edit": Variant(edit),
                },
                rounds=ROUNDS,
            )
            slow = measure(
                {
                    "product": Variant(world.product),
                    "multirange": Variant(lambda: world.multirange(link)),
                },
                rounds=2 if QUICK else 3,
            )
    aa, ratio = times["again"].ratio(times["anchor"]), times["product"].ratio(times["anchor"])
    gain = slow["multirange"].ratio(slow["product"])
    small = times["product"].ratio(times["edit"])
    cells = len(expected)
    return [
        Row(JOB, "anchor: packed bytes into numpy by hand", SIZE, times["anchor"].text, 1.0),
        aa_row(JOB, SIZE, aa),
        Row(JOB, "product: rebuild, cells written", SIZE, times["product"].text, ratio, "≤ 1.5× anchor",
            judge(ratio, 1.5, aa)),
        Row(JOB, "multirange, against the product", SIZE, slow["multirange"].text, gain, "≥ 5× the product",
            judge(gain, 5, aa, at_least=True)),
        Row(JOB, "Python sweep once, against the product", SIZE, f"{sweep * 1000:.3g} ms",
            sweep / slow["product"].median),
        Row(JOB, "cells equal in all four ways", SIZE, f"{cells:,}", None, "all", True),
        Row(JOB, "one edited outage: cells written", SIZE, f"{touched} of {cells:,}", None, "≤ 1/1,000",
            None if QUICK else touched * 1000 <= cells),
        Row(JOB, "rebuild, against one edited outage", SIZE, times["edit"].text, small),
    ]  # fmt: skip
