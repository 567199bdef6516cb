"""Facts that are corrected after an amount was fixed: the house hears of it, the amount stays until people decide."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import JournalEntry
from contracts.models import Fact
from penalties import services
from penalties.models import Assessment, CaseEntry, PenaltyCase
from penalties.recompute import recompute
from penalties.services.moved import moved_look, moved_sweep
from penalties.tasks import penalty_clues
from tests.penalties import steps
from tests.penalties.test_credit import FIRST, REAL, agreed, b_event, choose, record
from tests.penalties.test_credit import clock as december
from tests.penalties.world import HEAVY, LIGHT, answer, incident, only_case, plain_answer, pool, row, says
from tests.world import build_world

pytestmark = pytest.mark.django_db
__all__ = ["december"]


def told() -> list[tuple[Decimal | None, str]]:
    return list(CaseEntry.objects.filter(kind="moved").order_by("pk").values_list("amount", "text"))


def corrected(world, monkeypatch, evaluation, **attributes):
    """Another fact, and what the engine makes of it."""
    incident(world, **attributes)
    says(monkeypatch, evaluation)


@pytest.mark.parametrize("stage", [steps.approved, steps.notified, steps.objected, steps.agreed, steps.settled])
def test_a_fixed_amount_stays_and_the_house_hears_of_the_facts_once(world, monkeypatch, stage):
    stage(world)
    assert moved_sweep() == 0
    before, versions = only_case(world), Assessment.objects.count()
    corrected(world, monkeypatch, plain_answer(LIGHT), name="i2")
    penalty_clues()
    case = only_case(world)
    assert (case.amount, case.state, case.low) == (before.amount, before.state, before.low)
    assert (case.moved_low, case.moved_high) == (LIGHT, LIGHT)
    assert told() == [(LIGHT, "")]
    assert Assessment.objects.count() == versions
    assert JournalEntry.objects.filter(action="penalty.moved").count() == 1
    penalty_clues()
    assert len(told()) == 1


@pytest.mark.parametrize("stage", [steps.raised, steps.established, steps.proposed])
def test_what_is_not_fixed_yet_follows_or_is_asked_again_at_the_approval(world, monkeypatch, stage):
    stage(world)
    corrected(world, monkeypatch, plain_answer(LIGHT), name="i2")
    assert moved_look(world.contract) == 0
    assert (told(), only_case(world).moved_at) == ([], None)


def test_one_fen_more_or_less_is_told_the_same_figure_is_not(world, monkeypatch):
    steps.agreed(world)
    for number, fen in enumerate(("0.00", "0.01", "-0.01"), start=2):
        corrected(world, monkeypatch, plain_answer(HEAVY + Decimal(fen)), name=f"i{number}")
        assert moved_look(world.contract) == (fen != "0.00")
    assert [amount for amount, _text in told()] == [HEAVY + Decimal("0.01"), HEAVY - Decimal("0.01")]


def test_facts_that_come_back_clear_the_sign_and_nothing_owed_is_zero(world, monkeypatch):
    steps.settled(world)
    corrected(world, monkeypatch, answer([], []), name="i2")
    assert moved_look(world.contract) == 1
    assert only_case(world).moved_high == 0
    corrected(world, monkeypatch, plain_answer(), name="i3")
    assert moved_look(world.contract) == 1
    case = only_case(world)
    assert (case.moved_at, case.moved_low, case.amount) == (None, None, HEAVY)
    assert [amount for amount, _text in told()] == [0, HEAVY]


def test_an_unknown_that_opens_a_range_is_told_with_both_bounds(world, monkeypatch):
    steps.notified(world)
    rows = [row("long", "heaviest", (LIGHT, HEAVY), missing=("incident:i1.hours",))]
    corrected(world, monkeypatch, answer(rows, [pool("i1", rows)]), name="i2")
    assert moved_look(world.contract) == 1
    assert told() == [(None, "80,754.73 – 121,132.09")]


def test_an_adjustment_answers_it(world, monkeypatch):
    steps.settled(world)
    corrected(world, monkeypatch, plain_answer(LIGHT), name="i2")
    moved_sweep()
    assert only_case(world).moved_at
    wish = services.adjustment_propose(
        actor=world.viewer("FIN"), case=only_case(world), amount=LIGHT, reason="事实更正"
    )
    services.adjustment_decide(actor=world.viewer("MGR2"), adjustment=wish, approve=True)
    case = only_case(world)
    assert (case.amount, case.moved_at, case.moved_low) == (LIGHT, None, None)
    assert moved_sweep() == 0


def test_what_nothing_speaks_for_any_more_is_answered_by_taking_it_back_whole(world, monkeypatch):
    steps.settled(world)
    corrected(world, monkeypatch, answer([], []), name="i2")
    moved_sweep()
    assert only_case(world).moved_high == 0
    wish = services.adjustment_propose(
        actor=world.viewer("FIN"), case=only_case(world), amount=Decimal(0), reason="事实不成立"
    )
    assert only_case(world).moved_at  # a wish answers nothing
    services.adjustment_decide(actor=world.viewer("MGR2"), adjustment=wish, approve=True)
    case = only_case(world)
    assert (case.amount, case.moved_at, case.moved_high) == (0, None, None)
    assert moved_sweep() == 0
    assert len(told()) == 1


def test_the_page_and_the_docket_show_both_figures_to_the_house_alone(world, monkeypatch):
    case = steps.agreed(world)
    corrected(world, monkeypatch, plain_answer(LIGHT), name="i2")
    client = world.client("IT")
    client.post(reverse("web:penalty_look", args=[world.contract.pk]))
    page = client.get(reverse("web:penalty", args=[case.pk])).content.decode()
    assert "80,754.73" in page
    assert "121,132.09" in page
    assert "80,754.73" in client.get(reverse("web:contract_docket", args=[world.contract.pk])).content.decode()
    vendor = world.client("VND")
    assert "80,754.73" not in vendor.get(reverse("portal:penalty", args=[case.pk])).content.decode()


def test_an_outage_found_shorter_after_the_parties_agreed_on_the_real_contract(december):
    world = build_world(REAL)
    choose(world, fee_base="whole")
    begin = datetime(2025, 9, 10, 2, tzinfo=UTC)
    b_event(world, "i1", "c1", begin)
    services.clues_raise(world.contract)
    case = agreed(world, PenaltyCase.objects.get(target="pool:same_cause"))
    assert (case.amount, moved_sweep()) == (FIRST, 0)
    outage = Fact.objects.get(name="outage")
    record(
        world, kind="interval", name="outage", key=outage.key, happened_at=begin,
        ended_at=begin + timedelta(seconds=60), value=outage.value, supersedes=outage,
    )  # fmt: skip
    platform = Fact.objects.get(name="platform_outage")
    record(
        world, kind="interval", name="platform_outage", key=platform.key, happened_at=begin,
        ended_at=begin + timedelta(seconds=60), value=platform.value, supersedes=platform,
    )  # fmt: skip
    assert moved_sweep() == 1
    case.refresh_from_db()
    assert case.amount == FIRST
    # Below two hours it is no B event any more, and the row that only a B event displaces applies: 200 % of a month.
    assert (case.moved_low, case.moved_high) == (Decimal("807547.25"), Decimal("807547.25"))
    assert recompute(world.contract).differences == []
