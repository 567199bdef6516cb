"""Where a result goes: sinks in order, limits, conditions, last days, what was settled before, the rest."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.assessment.settlement import Outlet, settle
from tests.engine.assessment.support import LOSS, incident, run

D = Decimal
SINKS = """
[instalment.last]
clause = "8"
amount = "1000.00"
[security.deposit]
clause = "9"
amount = "300.00"
valid_until = 2025-06-30
[pool.all]
over = ["loss"]
settle = [
  { sink = "instalment.last", limit = "instalment.last.amount" },
  { sink = "security.deposit", limit = "security.deposit.amount", deadline = "security.deposit.valid_until" },
]
rest = "pay"
"""


def shares(value: str, as_of: str = "2025-06-30", more: str = "") -> tuple[dict[str, str], str]:
    facts = incident("i1", loss=f'"CNY {value}"') + more
    pool = run(LOSS + SINKS, facts, as_of).pool("all")
    assert pool.rest is not None
    return {part.sink: str(part.amount) for part in pool.settled}, str(pool.rest.pay)


def test_below_at_and_above_each_limit() -> None:
    assert shares("999.99") == ({"instalment.last": "999.99"}, "0.00")
    assert shares("1000.00") == ({"instalment.last": "1000.00"}, "0.00")
    assert shares("1000.01") == ({"instalment.last": "1000.00", "security.deposit": "0.01"}, "0.00")
    assert shares("1300.00") == ({"instalment.last": "1000.00", "security.deposit": "300.00"}, "0.00")
    assert shares("1300.01") == ({"instalment.last": "1000.00", "security.deposit": "300.00"}, "0.01")


def test_after_its_last_day_a_sink_takes_nothing_more() -> None:
    assert shares("1300.00", "2025-07-01") == ({"instalment.last": "1000.00"}, "300.00")


def test_what_is_recorded_as_settled_stays_where_it_is() -> None:
    done = (
        '[[item]]\nkind = "settlement"\nid = "x1"\nat = 2025-04-01\n'
        'attributes = { pool = "all", sink = "security.deposit", amount = "CNY 120.00" }\n'
    )
    assert shares("1000.00", more=done) == ({"instalment.last": "880.00", "security.deposit": "120.00"}, "0.00")


def test_an_instalment_shows_what_is_deducted() -> None:
    from datetime import date

    from engine.evaluation import evaluate
    from engine.facts_file import parse_facts
    from tests.engine.assessment.support import CALENDARS, contract

    definition = contract(LOSS + SINKS)
    facts = parse_facts(
        {"item": [{"kind": "incident", "id": "i1", "at": "2025-03-01", "attributes": {"loss": "CNY 250.00"}}]},
        definition,
    )
    found = evaluate(definition, facts.store, calendars=CALENDARS, as_of=date(2025, 6, 30))
    assert [(each.id, str(each.deducted), str(each.net)) for each in found.instalments] == [
        ("last", "250.00", "750.00")
    ]
    assert [(each.id, each.in_force, str(each.available)) for each in found.securities] == [("deposit", True, "300.00")]


cents = st.integers(0, 100_000).map(lambda number: Decimal(number) / 100)


@given(cents, st.lists(st.tuples(cents, st.booleans()), max_size=4))
def test_nothing_is_lost_and_no_limit_broken(amount: Decimal, sinks: list[tuple[Decimal, bool]]) -> None:
    outlets = [Outlet(f"s{n}", limit, is_open) for n, (limit, is_open) in enumerate(sinks)]
    settled, rest = settle(amount, outlets, {}, rest="forward")
    assert sum((part.amount for part in settled), D(0)) + rest.forward == amount
    limits = {outlet.sink: outlet.limit for outlet in outlets if outlet.open}
    assert all(part.amount <= (limits[part.sink] or D(0)) for part in settled)
