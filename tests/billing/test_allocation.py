"""Sharing the contract's price among its systems: the worked cases, the arithmetic's edges, who may do what, and what
the engine is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from billing.models import Allocation, AllocationShare, SystemUse
from billing.rules_allocation import exact_text, month_base, product_differs, shares, whole_months
from billing.selectors.allocation import allocation_page, in_force_of
from billing.services.allocation import allocation_decide
from billing.services.quantities import use_record, use_reverse
from contracts.errors import Refused
from contracts.models import LineItem
from contracts.selectors import fact_store
from engine.money import round_money
from tests.billing.sharing import BY_USE, PROOF, START, TOTAL, WEIGHTS, all_use, approved, everything, propose, use
from tests.world import World, build_world

REAL = Path(__file__).resolve().parents[2] / "definitions" / "data" / "SXYSR202506176"
NOW = "2025-10-20T10:00:00+08:00"


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The contract, loaded once for all: each test runs in a transaction of its own and is rolled back."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=True):
        atomic = transaction.atomic()
        atomic.__enter__()
        yield build_world(REAL)
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


@pytest.fixture
def world(loaded, db):
    with time_machine.travel(NOW, tick=True), translation.override("en"):
        loaded.contract.refresh_from_db()
        yield World(loaded.contract, loaded.parties, dict(loaded.person))


def amounts(version: Allocation) -> list[str]:
    return [str(row.amount) for row in version.shares.order_by("system__position")]


# --- arithmetic ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        ("0.01", [1, 1], ["0.01", "0.00"]),  # a tie goes to the lower number
        ("0.02", [1, 1], ["0.01", "0.01"]),
        ("0.03", [1, 1], ["0.02", "0.01"]),
        ("0.10", [1, 1, 1], ["0.04", "0.03", "0.03"]),
        ("0.11", [1, 1, 1], ["0.04", "0.04", "0.03"]),
        ("1.00", [0, 1, 0], ["0.00", "1.00", "0.00"]),  # no weight, no part, not even of what is left over
        ("0.05", [2, 3, 0], ["0.02", "0.03", "0.00"]),
        ("0.00", [1, 2], ["0.00", "0.00"]),
        ("-0.10", [1, 1, 1], ["-0.04", "-0.03", "-0.03"]),  # a credit splits as its debit
        ("-0.01", [1, 1], ["-0.01", "0.00"]),
    ],
)
def test_what_cannot_be_divided_goes_to_the_largest_remainders(total, weights, expected):
    assert [str(part) for part in shares(Decimal(total), weights, currency="CNY")] == expected


@given(
    fen=st.integers(-(10**14), 10**14),
    weights=st.lists(st.decimals(0, 10**9, places=4), min_size=1, max_size=40).filter(any),
    currency=st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_any_parts_add_up_and_each_is_within_one_unit_of_its_exact_part(fen, weights, currency):
    unit = {"CNY": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}[currency]
    total = fen * unit
    parts = shares(total, weights, currency=currency)
    assert sum(parts) == total
    whole = sum(map(Fraction, weights))
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total) * Fraction(weight) / whole) < Fraction(unit)
        assert not part or (part < 0) == (total < 0)
        assert part == 0 or weight != 0
    assert shares(-total, weights, currency=currency) == tuple(-part for part in parts)


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_no_weight_is_no_split(weights):
    with pytest.raises(ValueError, match="weights"):
        shares(Decimal(1), weights, currency="CNY")


def test_case_t_70_a_base_is_rounded_once_at_the_end():
    base = month_base(TOTAL, 12)
    for coefficient, expected, rounded_first in (
        (Fraction(6), "2422641.76", "2422641.78"),
        (Fraction(2), "807547.25", "807547.26"),
        (Fraction(1, 2), "201886.81", "201886.82"),
    ):
        assert str(round_money(base * coefficient)) == expected
        assert str(round_money(Fraction(round_money(base)) * coefficient)) == rounded_first


def test_case_t_69_the_unrounded_tenth_and_the_part_give_the_same_half():
    tenth = Fraction(TOTAL) / 10
    assert exact_text(tenth) == "484,528.352"
    assert str(round_money(month_base(tenth, 12) / 2)) == "20188.68"
    assert str(round_money(month_base(Decimal("484528.36"), 12) / 2)) == "20188.68"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 3), "0.333333…"),
        (Fraction(5), "5.00"),
        (Fraction(-1, 8), "−0.125"),
        (Fraction(1, 10**7), "0.000000…"),
    ],
)
def test_an_unrounded_value_is_cut_and_says_so(value, text):
    assert exact_text(value) == text


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2025, 7, 1), date(2026, 6, 30), 12),
        (date(2025, 7, 1), date(2026, 6, 29), None),
        (date(2025, 7, 1), date(2026, 7, 1), None),
        (date(2024, 2, 15), date(2024, 3, 14), 1),
        (date(2025, 7, 1), date(2025, 6, 30), None),
    ],
)
def test_a_term_is_a_whole_number_of_months_or_none(first, last, months):
    assert whole_months(first, last) == months


# --- the worked cases through services and pages -------------------------------------------------------------------


def test_case_t_68_by_the_use_of_a_row(world):
    all_use(world)
    version = approved(world, "line", line=1)
    assert amounts(version) == list(BY_USE)
    assert sum(map(Decimal, BY_USE)) == TOTAL
    assert [row.weight for row in version.shares.order_by("system__position")] == list(map(Decimal, WEIGHTS))
    each_rounded = [round_money(Fraction(TOTAL) * weight / 3435) for weight in WEIGHTS]
    assert str(each_rounded[4]) == "564225.16"
    assert str(sum(each_rounded)) == "4845283.53"
    page = world.client("AUD").get(reverse("web:allocation", args=[world.contract.pk])).content.decode()
    for amount in BY_USE:
        assert f"¥{Decimal(amount):,}" in page
    assert "¥4,845,283.52" in page


def test_case_t_69_in_equal_parts(world):
    assert amounts(approved(world)) == ["484528.36"] * 2 + ["484528.35"] * 8
    page = world.client("IT").get(reverse("web:allocation", args=[world.contract.pk])).content.decode()
    assert "403,773.626666…" in page  # the whole price per month, unrounded
    assert "40,377.362666…" in page  # an equal part per month, unrounded
    assert "40,377.363333…" in page  # the first system's part per month


def test_case_t_71_every_priced_row_is_its_product_and_the_rows_are_the_price(world):
    rows = LineItem.objects.filter(contract=world.contract)
    priced = [row for row in rows if row.amount is not None]
    assert (len(rows), len(priced)) == (30, 27)
    assert sum(row.amount for row in priced) == TOTAL == world.contract.total
    for row in rows:
        assert not product_differs(row.unit_price, row.quantity, row.amount, currency="CNY")
    blank = [row.number for row in rows if row.amount is None]
    assert blank == [25, 26, 27]
    answer = world.client("FIN").get(reverse("web:contract_lines", args=[world.contract.pk]))
    assert answer.status_code == 200
    assert 'rowspan="4"' in answer.content.decode()


def test_an_agreed_table_adds_up_or_is_refused(world):
    table = {f"s{number}": Decimal("484528.35") for number in range(1, 11)}
    before = everything()
    for lacking, said in (("0.00", "0.02 short"), ("0.03", "0.01 more")):
        with pytest.raises(Refused, match=said):
            propose(world, "table", table={**table, "s1": table["s1"] + Decimal(lacking)})
    for wrong, said in (
        ({"s3": Decimal("-1")}, "zero or more"),
        ({"s3": Decimal("0.001")}, "decimals"),
        ({"s3": Decimal("NaN")}, "zero or more"),
        ({"s3": Decimal("1e999")}, "is above"),
        ({"s11": Decimal(1)}, "no system"),
    ):
        with pytest.raises(Refused, match=said):
            propose(world, "table", table=table | wrong)
    with pytest.raises(Refused, match="says nothing about"):
        propose(world, "table", table={"s1": TOTAL})
    assert everything() == before
    table |= {"s1": Decimal("484528.37")}
    assert amounts(approved(world, "table", table=table))[0] == "484528.37"


# --- versions ------------------------------------------------------------------------------------------------------


def test_a_version_is_proposed_by_one_person_and_approved_by_another(world):
    world.person["BOTH"] = world.person["FIN"]
    world.person["FIN"].memberships.create(role_id="MGR")
    version = propose(world)
    before = everything()
    with pytest.raises(Refused, match="another person"):
        allocation_decide(actor=world.viewer("FIN"), allocation=version, approve=True)
    with pytest.raises(ReauthenticationRequired):
        allocation_decide(actor=world.viewer("MGR", fresh=False), allocation=version, approve=True)
    with pytest.raises(NotAllowed):
        allocation_decide(actor=world.viewer("IT"), allocation=version, approve=True)
    with pytest.raises(NotVisible):
        allocation_decide(actor=world.viewer("VND"), allocation=version, approve=True)
    with pytest.raises(Refused, match="why the version is rejected"):
        allocation_decide(actor=world.viewer("MGR"), allocation=version, approve=False)
    assert everything() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        Allocation.objects.filter(pk=version.pk).update(
            state="approved", decided_by=version.proposed_by, decided_at=version.proposed_at
        )
    allocation_decide(actor=world.viewer("MGR"), allocation=version, approve=True)
    with pytest.raises(Refused, match="decided already"):
        allocation_decide(actor=world.viewer("MGR2"), allocation=version, approve=False, note="不同意")
    assert [row.action for row in JournalEntry.objects.filter(action__startswith="allocation").order_by("pk")] == [
        "allocation.propose", "allocation.approve",
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["MGR", "AUD", "VND", "SUP", "SEC", "SYS", "STRANGER", "OTHER_BUYER"])
def test_others_propose_nothing(world, who):
    before = everything()
    with pytest.raises((NotAllowed, NotVisible)):
        propose(world, who=who)
    assert everything() == before


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"reason": " "}, "why the price"),
        ({"evidence_title": ""}, "title"),
        ({"reference": ""}, "Attach a file"),
        ({"effective_on": date(2025, 1, 1)}, "before the contract was signed"),
        ({"method": "line", "line": 1}, "no system that it uses"),
        ({"method": "line", "line": 31}, "Choose the row"),
        ({"method": "guess"}, "how the price"),
    ],
)
def test_a_version_needs_reason_evidence_and_a_usable_method(world, given_, said):
    before = everything()
    with pytest.raises(Refused, match=said):
        propose(world, **{"method": "equal", **given_})
    assert everything() == before


def test_what_was_proposed_never_changes(world):
    all_use(world)
    version = approved(world, "line", line=1)
    use(world, "s1", 1000, on=date(2025, 9, 1))  # the ledger goes on
    assert amounts(version) == list(BY_USE)
    share = version.shares.first()
    for statement in (
        lambda: AllocationShare.objects.filter(pk=share.pk).update(amount=0),
        lambda: share.delete(),
        lambda: Allocation.objects.filter(pk=version.pk).update(total=0),
        lambda: Allocation.objects.filter(pk=version.pk).update(effective_on=START + timedelta(days=1)),
    ):
        with pytest.raises(Exception, match=r"append-only|fixed for life|permission denied"), transaction.atomic():
            statement()


def test_the_version_in_force_is_the_last_approved_one_by_its_day(world):
    first = approved(world)
    all_use(world)
    later = approved(world, "line", line=1, effective_on=date(2026, 1, 1))
    waiting = propose(world)
    rejected = allocation_decide(actor=world.viewer("MGR"), allocation=propose(world), approve=False, note="重复")
    versions = [first, later, waiting, rejected]
    for day, expected in (
        (START - timedelta(days=1), None), (START, first), (date(2025, 12, 31), first), (date(2026, 1, 1), later),
    ):  # fmt: skip
        assert in_force_of(versions, day) == expected


def test_the_engine_is_told_of_approved_versions_alone(world):
    propose(world)
    assert [record for record in fact_store(world.contract).records if record.name == "fee"] == []
    approved(world)
    all_use(world)
    approved(world, "line", line=1, effective_on=date(2026, 1, 1))
    fees = [record for record in fact_store(world.contract).records if record.name == "fee"]
    assert len(fees) == 20  # none was left out as unknown to the definition

    def fee(on: date, known_on: date | None = None) -> str:
        view = fact_store(world.contract).view(on, known_on, "Asia/Shanghai")
        return str(view.attributes.get("system:s5", {}).get("fee"))

    assert fee(START - timedelta(days=1)) == "None"
    assert fee(date(2025, 12, 31)) == "CNY 484528.35"
    assert fee(date(2026, 1, 1)) == "CNY 564225.15"
    assert fee(date(2026, 1, 1), known_on=date(2025, 10, 19)) == "None"


def test_a_version_of_another_price_is_not_approved(world):
    version = propose(world)
    type(world.contract).objects.filter(pk=world.contract.pk).update(total=TOTAL + 1)
    with pytest.raises(Refused, match="Propose it anew"):
        allocation_decide(actor=world.viewer("MGR"), allocation=version, approve=True)
    version.refresh_from_db()
    assert version.state == "proposed"


# --- the ledger ----------------------------------------------------------------------------------------------------


def test_a_ledger_counts_by_its_days_and_never_below_nothing(world):
    use(world, "s1", 100)
    use(world, "s1", -40, on=date(2025, 9, 1))
    for on, left in ((date(2025, 8, 31), "100"), (date(2025, 9, 1), "60")):
        page = allocation_page(world.contract, viewer=world.viewer("IT"), on=on)
        by_line = next(option for option in page.options if option.key == "line-1")
        assert by_line.parts[0].weight == Decimal(left)
    before = everything()
    with pytest.raises(Refused, match="less than nothing"):
        use(world, "s1", -61, on=date(2025, 10, 1))
    # At the end there would be enough, but not on the days between.
    with pytest.raises(Refused, match="2025-09-01"):
        use(world, "s1", -61, on=date(2025, 8, 1))
    assert everything() == before
    use(world, "s1", -60, on=date(2025, 10, 1))


def test_a_ledger_counts_up_to_the_largest_quantity(world):
    """No entry goes beyond it, and no sum of entries does on any day: a sum is a weight that is kept."""
    use(world, "s1", "99999999999.9998")
    use(world, "s1", "0.0001", on=date(2025, 9, 1))
    before = everything()
    with pytest.raises(Refused, match="is above"):
        use(world, "s1", "0.0001", on=date(2025, 8, 1))
    assert everything() == before
    page = allocation_page(world.contract, viewer=world.viewer("IT"), on=date(2025, 9, 1))
    by_line = next(option for option in page.options if option.key == "line-1")
    assert by_line.parts[0].weight == Decimal("99999999999.9999")


def test_a_mistake_is_countered_once_and_stays(world):
    entry = use(world, "s1", 100)
    use(world, "s1", -40, on=date(2025, 9, 1))
    with pytest.raises(Refused, match="less than nothing"):
        use_reverse(actor=world.viewer("IT"), entry=entry, note="录错")
    wrong = use(world, "s2", 7)
    counter = use_reverse(actor=world.viewer("IT"), entry=wrong, note="录错系统")
    assert (counter.quantity, counter.effective_on, counter.corrects) == (Decimal(-7), START, wrong)
    for again in (wrong, counter):
        with pytest.raises(Refused):
            use_reverse(actor=world.viewer("IT"), entry=again, note="再来一次")
    for statement in (lambda: SystemUse.objects.filter(pk=wrong.pk).update(quantity=1), lambda: counter.delete()):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            statement()
    assert SystemUse.objects.count() == 4


@pytest.mark.parametrize("quantity", ["0", "NaN", "Infinity", "0.00001", "1e999"])
def test_a_change_is_a_plain_number(world, quantity):
    before = everything()
    with pytest.raises(Refused):
        use(world, "s1", quantity)
    assert everything() == before


def test_using_more_than_listed_is_shown_and_changes_no_price(world):
    use(world, "s1", 3435)
    page = reverse("web:quantities", args=[world.contract.pk])
    assert "alert-triangle" not in world.client("IT").get(page).context["matrix"][0].left
    assert not world.client("IT").get(page).context["matrix"][0].over
    use(world, "s2", 1)
    row = world.client("IT").get(page).context["matrix"][0]
    assert (row.over, row.left, row.used, row.width) == (True, "-1", "3,436", "100.00%")
    world.contract.refresh_from_db()
    assert world.contract.total == TOTAL


@pytest.mark.parametrize("who", ["FIN", "MGR", "AUD", "VND", "SUP", "STRANGER", "OTHER_BUYER"])
def test_only_it_keeps_the_ledger(world, who):
    before = everything()
    with pytest.raises((NotAllowed, NotVisible)):
        use_record(
            actor=world.viewer(who), contract=world.contract, line=1, system="s1", quantity=Decimal(1),
            effective_on=START, **PROOF,
        )  # fmt: skip
    assert everything() == before


# --- pages ---------------------------------------------------------------------------------------------------------


def test_the_story_of_an_allocation_through_the_pages(world):
    contract = world.contract.pk
    all_use(world)
    finance, manager = world.client("FIN"), world.client("MGR")
    form = {
        "method": "line", "line": "1", "effective_on": "2025-07-01", "reason": "按计算核数", "evidence_title": "纪要",
        "reference": "J-1", "idempotency_key": "k-1",
    }  # fmt: skip
    new = reverse("web:allocation_new", args=[contract])
    missing = finance.post(new, form | {"reason": ""})
    assert missing.status_code == 422
    assert Allocation.objects.count() == 0
    first = finance.post(new, form)
    assert finance.post(new, form).headers["Location"] == first.headers["Location"]  # sent twice, done once
    version = Allocation.objects.get()
    decide = reverse("web:allocation_decide", args=[contract, version.pk])
    assert finance.get(decide).status_code == 403
    assert finance.post(decide, {"decision": "yes", "idempotency_key": "k-2"}).status_code == 403
    assert manager.post(decide, {"decision": "no", "idempotency_key": "k-3"}).status_code == 422
    assert Allocation.objects.get().state == "proposed"
    assert manager.post(decide, {"decision": "yes", "idempotency_key": "k-4"}).status_code == 302
    page = world.client("AUD").get(reverse("web:allocation", args=[contract]))
    assert page.context["page"].in_force.version == version
    for who in ("VND", "SUP", "STRANGER", "OTHER_BUYER"):
        for name in ("allocation", "quantities", "contract_workbook"):
            assert world.client(who).get(reverse(f"web:{name}", args=[contract])).status_code in (403, 404)


def test_pages_ask_the_same_for_more_rows(world):
    contract = world.contract.pk
    use(world, "s1", 10)
    approved(world)
    client = world.client("MGR")
    found = {}
    for step in ("few", "many"):
        for name in ("allocation", "quantities", "contract_lines"):
            client.get(reverse(f"web:{name}", args=[contract]))
            with CaptureQueriesContext(connection) as seen:
                assert client.get(reverse(f"web:{name}", args=[contract])).status_code == 200
            found.setdefault(name, []).append(len(seen.captured_queries))
        if step == "few":
            all_use(world)
            for _ in range(3):
                approved(world, "line", line=1)
                propose(world)
    for name, (few, many) in found.items():
        assert few == many <= 12, (name, few, many)  # four of them are the frame's
