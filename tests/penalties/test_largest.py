"""A computed penalty may be of any size; one that would lose a fen in the database is open there, and says why."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from accounts.scoping import SYSTEM
from contracts.errors import Refused
from contracts.services.facts import fact_record
from definitions.services import contract_load
from engine.money import LARGEST_AMOUNT
from penalties import services
from penalties.models import Assessment, CaseEntry, PenaltyCase
from penalties.recompute import recompute
from tests.penalties import steps
from tests.penalties.world import HEAVY, answer, incident, only_case, plain_answer, pool, row, says

FEN = Decimal("0.01")
ABOVE = LARGEST_AMOUNT + FEN
CONTRACT = """\
format = 1
[contract]
number = "LARGE-1"
title = "大合同"
total = "{total}"
currency = "CNY"
zone = "Asia/Shanghai"
signed = 2025-06-20
[party.buyer]
name = "大买方"
role = "buyer"
[party.vendor]
name = "大卖方"
role = "vendor"
[term.service]
start = 2025-07-01
end = 2026-06-30
[clause."7"]
title = "违约金"
state = "modelled"
[item.loss]
title = "损失"
plural = "losses"
clause = "7"
recorder = "IT"
[rule.fine]
title = "违约金"
clause = "7"
for = "losses as l"
when = "true"
amount = "{amount}"
because = "l"
debtor = "vendor"
creditor = "buyer"
yields = "money"
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("price", "amount", "kept"),
    [
        ("9000000000000.00", "contract.total * 100%", Decimal("9000000000000.00")),
        ("9999999999999.99", "contract.total - CNY 0.01", LARGEST_AMOUNT - FEN),
        ("9999999999999.99", "contract.total", LARGEST_AMOUNT),
        ("9999999999999.99", "contract.total + CNY 0.01", None),
        ("9000000000000.00", "contract.total * 200%", None),
    ],
)
def test_a_formula_of_the_contract_beyond_the_largest_amount_stays_open(tmp_path, price, amount, kept):
    path = tmp_path / "large.toml"
    path.write_text(CONTRACT.format(total=price, amount=amount), encoding="utf-8")
    contract = contract_load(path, actor=SYSTEM).contract
    fact_record(
        actor=SYSTEM, contract=contract, kind="item", name="loss", subject="l1",
        happened_at=datetime(2025, 10, 13, 3, tzinfo=UTC), value={},
    )  # fmt: skip
    (case,) = services.clues_raise(contract, as_of=date(2025, 10, 20))
    stored = PenaltyCase.objects.get(pk=case.pk)
    assert (stored.low, stored.high, stored.amount) == (kept, kept, None)
    assert stored.missing == ([] if kept is not None else ["limit"])
    version = Assessment.objects.get(case=case)
    assert (version.low, version.high) == (kept, kept)
    # what was computed is there in full: nothing about it is rounded
    assert version.outcome["low"] == version.outcome["high"]
    assert kept is None or Decimal(version.outcome["low"]) == kept
    assert kept is not None or Decimal(version.outcome["low"]) in (ABOVE, Decimal("18000000000000.00"))
    assert recompute(contract).differences == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("computed", "kept"),
    [
        ("333.333333333333", "333.33"),
        ("0.124999999999", "0.12"),
        ("0.125", "0.13"),
        ("9999999999999.994999999999", "9999999999999.99"),
        ("9999999999999.995", None),
    ],
)
def test_what_a_rule_leaves_unrounded_is_rounded_half_up_once_it_is_claimed(world, monkeypatch, computed, kept):
    """A definition may state that a rule does not round (`exact`); nobody pays less than a fen."""
    incident(world)
    says(monkeypatch, plain_answer(Decimal(computed)))
    case = services.penalty_propose(actor=world.viewer("IT"), case=steps.established(world), note="请审批")
    wanted = None if kept is None else Decimal(kept)
    assert (case.low, case.high, case.amount) == (wanted,) * 3
    assert recompute(world.contract).differences == []
    if kept is not None:
        services.penalty_approve(actor=world.viewer("MGR"), case=case)
        assert only_case(world).amount == wanted


@pytest.mark.django_db
def test_at_the_limit_a_penalty_is_approved_to_the_fen(world, monkeypatch):
    incident(world)
    says(monkeypatch, plain_answer(LARGEST_AMOUNT))
    case = steps.approved(world)
    case.refresh_from_db()
    assert (case.amount, case.low, case.high) == (LARGEST_AMOUNT,) * 3
    assert CaseEntry.objects.filter(kind="approved").get().amount == LARGEST_AMOUNT


@pytest.mark.django_db
def test_above_it_a_proposal_has_no_amount_says_why_and_is_not_approved(world, monkeypatch):
    incident(world)
    says(monkeypatch, plain_answer(ABOVE))
    case = services.penalty_propose(actor=world.viewer("IT"), case=steps.established(world), note="请审批")
    assert (case.amount, case.low, case.high, case.missing) == (None, None, None, ["limit"])
    with pytest.raises(Refused):
        services.penalty_approve(actor=world.viewer("MGR"), case=case)
    assert only_case(world).state == "proposed"
    with translation.override("en"):
        page = world.client("IT").get(reverse("web:penalty", args=[case.pk]), headers={"accept-language": "en"})
    assert "9,999,999,999,999.99" in page.content.decode()
    call_command("penalty_recompute", stdout=io.StringIO())


@pytest.mark.django_db
def test_a_bound_above_it_is_open_and_the_other_stays(world, monkeypatch):
    incident(world)
    wide = row("long", "heaviest", (HEAVY, ABOVE), missing=("reading.fee_base",), needs=("fee_base",))
    says(monkeypatch, answer([wide], [pool("i1", [wide])]))
    case = steps.raised(world)
    assert (case.low, case.high, case.missing) == (HEAVY, None, ["reading.fee_base", "limit"])


@pytest.mark.django_db
def test_a_cap_above_brings_the_amount_back_within_the_limit(world, monkeypatch):
    """What is claimed counts, not what the rule came to before its cap."""
    incident(world)
    large = row("long", "heaviest", ABOVE)
    pools = [pool("i1", [large])]
    says(monkeypatch, answer([large], pools, cap=HEAVY))
    case = services.penalty_propose(actor=world.viewer("IT"), case=steps.established(world), note="请审批")
    assert (case.amount, case.missing) == (HEAVY, [])
