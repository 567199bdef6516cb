"""The life of a security: handed in, accepted by another, renewed, claimed on, given back by two."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.utils import translation

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible
from billing.models import SecurityInstrument, SecurityMovement
from billing.services import deduction_add, guarantee, guarantee_claims
from contracts.errors import Refused
from tests.billing.guarantee_world import (
    REQUIRED,
    VALID_UNTIL,
    accepted,
    at,
    claimed,
    delivered,
    duty,
    given_back,
    handed_in,
    owed,
    secured_world,
)
from tests.billing.world import pdf

HALF = Decimal("20000.00")


@pytest.fixture
def world(db):
    with at(2025, 7, 7), translation.override("en"):
        yield secured_world()


def ledger(instrument):
    return list(instrument.movements.order_by("pk").values_list("kind", "change"))


# --- handing in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("received", "days"), [(date(2025, 6, 30), 0), (date(2025, 7, 1), 1), (date(2025, 7, 2), 2)])
def test_the_day_of_handing_in_decides_not_the_day_of_acceptance(world, received, days):
    """T-10: due 30 June; accepted a week later. A day late is a day late whenever it is looked at."""
    accepted(world, received_on=received)
    row = duty(world, "hand_in")
    assert (row.due_on, row.state, row.done_on) == (date(2025, 6, 30), "done", received)
    assert (row.done_on - row.due_on).days == days


def test_what_nobody_accepted_secures_nothing(world):
    instrument = handed_in(world)
    assert (instrument.state, instrument.balance) == ("submitted", 0)
    assert duty(world, "hand_in").state == "open"
    assert not SecurityMovement.objects.exists()


def test_the_one_who_entered_it_does_not_accept_it(world):
    instrument = handed_in(world, who="BOTH")
    with pytest.raises(Refused, match="Somebody else"):
        guarantee.instrument_decide(actor=world.viewer("BOTH"), instrument=instrument, accept=True, note="认可")
    with pytest.raises(NotAllowed):
        guarantee.instrument_decide(actor=world.viewer("FIN"), instrument=instrument, accept=True, note="认可")
    with pytest.raises(NotVisible):
        guarantee.instrument_decide(actor=world.viewer("STRANGER"), instrument=instrument, accept=True, note="认可")
    instrument.refresh_from_db()
    assert instrument.state == "submitted"


def test_the_vendor_hands_in_today_and_reads_why_it_was_refused(world):
    instrument = handed_in(world, who="VND", received_on=date(2025, 6, 26))
    assert instrument.received_on == date(2025, 7, 7)  # nobody dates its own lateness back
    with pytest.raises(Refused):
        guarantee.instrument_decide(actor=world.viewer("MGR"), instrument=instrument, accept=False)
    refused = guarantee.instrument_decide(
        actor=world.viewer("MGR"), instrument=instrument, accept=False, note="非境内银行"
    )
    assert (refused.state, refused.balance) == ("refused", 0)
    assert accepted(world).state == "accepted"  # the number is free again


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"form": "surety"}, "form"),
        ({"number": "1"}, "number"),
        ({"issuer": ""}, "issuer"),
        ({"upload": None}, "upload"),
        ({"issued_on": None}, "issued_on"),
        ({"expires_on": None}, "expires_on"),
        ({"expires_on": date(2025, 6, 29)}, "expires_on"),
        ({"received_on": date(2025, 7, 8)}, "received_on"),
        ({"amount": Decimal("1.001")}, "amount"),
        ({"form": "cash", "issuer": "", "upload": None}, "expires_on"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(world, given, field):
    entries = JournalEntry.objects.count()
    with pytest.raises(Refused) as refusal:
        handed_in(world, **given)
    assert refusal.value.field == field
    assert not SecurityInstrument.objects.exists()
    assert JournalEntry.objects.count() == entries


def test_a_branch_needs_its_banks_authorisation(world):
    without = handed_in(world, by_branch=True)
    with pytest.raises(Refused, match="authorisation"):
        guarantee.instrument_decide(actor=world.viewer("MGR"), instrument=without, accept=True, note="认可")
    guarantee.instrument_decide(actor=world.viewer("MGR"), instrument=without, accept=False, note="缺授权书")
    assert accepted(world, by_branch=True, authorisation=pdf("letter.pdf")).balance == REQUIRED


def test_the_same_number_comes_once(world):
    accepted(world)
    with pytest.raises(Refused, match="recorded before"):
        handed_in(world, number="bg-0001")


def test_two_parts_reach_the_amount_on_the_later_day(world):
    accepted(world, amount=Decimal("50000.00"))
    assert duty(world, "hand_in").state == "open"
    accepted(world, number="CASH-1", form="cash", issuer="", upload=None, issued_on=None, expires_on=None,
             amount=Decimal("0.05"), received_on=date(2025, 7, 3))  # fmt: skip
    assert duty(world, "hand_in").done_on == date(2025, 7, 3)


# --- renewing and cashing ------------------------------------------------------------------------------------------


def test_a_short_guarantee_is_renewed_in_time_or_late(world):
    first = accepted(world, expires_on=date(2026, 3, 31))
    row = duty(world, "renewal", f"security-{first.pk}")
    assert (row.due_on, row.safe_on, row.state) == (date(2026, 3, 10), date(2026, 3, 9), "open")
    with at(2026, 3, 12):
        renewal = handed_in(world, number="BG-0002", received_on=date(2026, 3, 11), replaces=first)
        assert duty(world, "renewal", f"security-{first.pk}").state == "open"  # not before it is accepted
        guarantee.instrument_decide(actor=world.viewer("MGR"), instrument=renewal, accept=True, note="认可")
    row.refresh_from_db()
    assert (row.state, row.done_on) == ("done", date(2026, 3, 11))
    with pytest.raises(Refused, match="has been handed in already"):
        handed_in(world, number="BG-0003", replaces=first)


def test_the_replaced_original_goes_back_at_once_the_new_one_does_not(world):
    first = accepted(world, expires_on=date(2026, 3, 31))
    with at(2026, 3, 12):
        second = accepted(world, number="BG-0002", received_on=date(2026, 3, 9), replaces=first)
        given_back(world, first, REQUIRED, date(2026, 3, 12))
        with pytest.raises(Refused, match="owed until 2026-07-30"):
            given_back(world, second, REQUIRED, date(2026, 3, 12))
        assert duty(world, "give_back").state == "open"


def test_a_draft_is_cashed_by_two_before_it_matures(world):
    draft = accepted(world, form="draft", number="HP-1", expires_on=date(2026, 3, 31))
    row = duty(world, "cash_in", f"security-{draft.pk}")
    assert (row.due_on, row.kind) == (date(2026, 3, 17), "internal")
    with at(2026, 3, 20):
        with pytest.raises(Refused, match="Cash the paper first"):
            claimed(world, draft, "1.00", liability=owed(world))
        order = guarantee.order_propose(
            actor=world.viewer("FIN"), instrument=draft, kind="cash", amount=REQUIRED, on=date(2026, 3, 17),
            reference="BOC-77",
        )  # fmt: skip
        guarantee.order_decide(actor=world.viewer("MGR"), order=order, approve=True)
    draft.refresh_from_db()
    assert (draft.cashed_on, draft.balance) == (date(2026, 3, 17), REQUIRED)
    assert duty(world, "cash_in", f"security-{draft.pk}").done_on == date(2026, 3, 17)


def test_a_matured_draft_is_not_cashed(world):
    draft = accepted(world, form="draft", number="HP-1", expires_on=date(2026, 3, 31))
    with at(2026, 4, 1), pytest.raises(Refused, match="matured"):
        guarantee.order_propose(
            actor=world.viewer("FIN"), instrument=draft, kind="cash", amount=REQUIRED, on=date(2026, 4, 1),
            reference="BOC-77",
        )  # fmt: skip


def test_an_overdue_renewal_lets_the_whole_be_called_in_and_go_on_securing(world):
    short = accepted(world, expires_on=date(2026, 3, 31))
    with at(2026, 3, 20):
        with pytest.raises(Refused, match="The whole is called in"):
            claimed(world, short, "1.00", ground="overdue")
        claim = delivered(world, short, str(REQUIRED), date(2026, 3, 20), ground="overdue")
        guarantee_claims.security_claim_answer(
            actor=world.viewer("FIN"), claim=claim, outcome="paid", on=date(2026, 3, 20), reference="BOC-78"
        )
    short.refresh_from_db()
    assert (short.cashed_on, short.balance, short.reserved, short.drawn) == (date(2026, 3, 20), REQUIRED, 0, 0)
    assert duty(world, "renewal", f"security-{short.pk}").done_on == date(2026, 3, 20)


# --- claims --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "refused"), [(29, False), (30, False), (31, True)])
def test_a_claim_is_delivered_by_the_last_day(world, day, refused):
    instrument = accepted(world)
    with at(2026, 7, 20):
        claim = claimed(world, instrument, "20000.00", liability=owed(world))
        claim = guarantee_claims.security_claim_decide(actor=world.viewer("MGR"), claim=claim, approve=True)
    with at(2026, 7, 31):
        values = {"actor": world.viewer("FIN"), "claim": claim, "delivered_on": date(2026, 7, day), "reference": "EMS"}
        if refused:
            with pytest.raises(Refused, match="2026-07-30"):
                guarantee_claims.security_claim_deliver(**values)
        else:
            guarantee_claims.security_claim_deliver(**values)
    claim.refresh_from_db()
    assert claim.state == ("approved" if refused else "delivered")


def test_after_the_validity_no_claim_is_even_proposed(world):
    instrument = accepted(world, expires_on=date(2026, 8, 31))  # the bank would still pay; the contract's term is over
    with at(2026, 7, 31), pytest.raises(Refused, match="2026-07-30"):
        claimed(world, instrument, "1.00", liability=owed(world))


@pytest.mark.parametrize(("amount", "fits"), [("19999.99", True), ("20000.00", True), ("20000.01", False)])
def test_a_claim_is_never_above_the_liability(world, amount, fits):
    instrument, liability = accepted(world), owed(world)
    if fits:
        claimed(world, instrument, amount, liability=liability)
    else:
        with pytest.raises(Refused, match="left of the liability"):
            claimed(world, instrument, amount, liability=liability)
    liability.refresh_from_db()
    assert liability.drawn == (Decimal(amount) if fits else 0)


@pytest.mark.parametrize(("amount", "fits"), [("50000.04", True), ("50000.05", True), ("50000.06", False)])
def test_a_claim_is_never_above_the_balance(world, amount, fits):
    instrument, liability = accepted(world), owed(world, "90000.00")
    if fits:
        claimed(world, instrument, amount, liability=liability)
    else:
        with pytest.raises(Refused, match="left of the instrument"):
            claimed(world, instrument, amount, liability=liability)
    instrument.refresh_from_db()
    assert instrument.reserved == (Decimal(amount) if fits else 0)


def test_claims_and_deductions_share_one_liability(world):
    """C.5: all sources together never exceed what is owed."""
    instrument, liability = accepted(world), owed(world)
    claimed(world, instrument, "12000.00", liability=liability)
    with pytest.raises(Refused):
        deduction_add(
            actor=world.viewer("FIN"), liability=liability, milestone=world.contract.milestones.get(code="3"),
            amount=Decimal("8000.01"),
        )  # fmt: skip


def test_a_part_payment_frees_the_rest_and_asks_for_no_topping_up_by_itself(world):
    instrument, liability = accepted(world), owed(world)
    with at(2026, 7, 20):
        claim = delivered(world, instrument, "20000.00", date(2026, 7, 20), liability=liability)
        assert duty(world, "give_back").due_state == "pending"
        answered = {"actor": world.viewer("FIN"), "claim": claim, "on": date(2026, 7, 20), "reference": "BOC-9"}
        with pytest.raises(Refused, match="more than was claimed"):
            guarantee_claims.security_claim_answer(**answered, outcome="paid", amount=Decimal("20000.01"))
        guarantee_claims.security_claim_answer(**answered, outcome="paid", amount=Decimal("15000.00"))
    instrument.refresh_from_db()
    liability.refresh_from_db()
    assert (instrument.balance, instrument.reserved, instrument.drawn) == (REQUIRED - 15000, 0, Decimal("15000.00"))
    assert liability.drawn == Decimal("15000.00")
    assert ledger(instrument) == [("received", REQUIRED), ("drawn", Decimal("-15000.00"))]


@pytest.mark.parametrize("outcome", ["refused", "withdrawn"])
def test_a_claim_that_brings_nothing_sets_everything_free(world, outcome):
    instrument, liability = accepted(world), owed(world)
    with at(2026, 7, 20):
        claim = delivered(world, instrument, "20000.00", date(2026, 7, 20), liability=liability)
        guarantee_claims.security_claim_answer(
            actor=world.viewer("FIN"), claim=claim, outcome=outcome, on=date(2026, 7, 20), note="银行拒付"
        )
    instrument.refresh_from_db()
    liability.refresh_from_db()
    assert (instrument.balance, instrument.reserved, liability.drawn) == (REQUIRED, 0, 0)


def test_nobody_approves_the_own_claim_nor_books_what_he_approved(world):
    instrument = accepted(world)
    claim = guarantee_claims.security_claim_propose(
        actor=world.viewer("BOTH"), instrument=instrument, ground="liability", amount=HALF, reason="违约金",
        liability=owed(world),
    )  # fmt: skip
    with pytest.raises(Refused, match="Somebody else"):
        guarantee_claims.security_claim_decide(actor=world.viewer("BOTH"), claim=claim, approve=True)
    other = claimed(world, instrument, "1.00", liability=owed(world, "5.00", "case-2"))
    other = guarantee_claims.security_claim_decide(actor=world.viewer("BOTH"), claim=other, approve=True)
    other = guarantee_claims.security_claim_deliver(
        actor=world.viewer("BOTH"), claim=other, delivered_on=date(2025, 7, 7), reference="EMS"
    )
    with pytest.raises(Refused, match="approved this yourself"):
        guarantee_claims.security_claim_answer(
            actor=world.viewer("BOTH"), claim=other, outcome="paid", on=date(2025, 7, 7), reference="BOC-1"
        )
    instrument.refresh_from_db()
    assert (instrument.balance, instrument.drawn) == (REQUIRED, 0)


# --- giving back ---------------------------------------------------------------------------------------------------


def test_without_a_claim_it_goes_back_ten_working_days_after_the_end(world):
    """T-12: due 2026-08-13; acceptance is no condition (D-121)."""
    instrument = accepted(world)
    row = duty(world, "give_back")
    assert (row.due_on, row.due_state) == (date(2026, 8, 13), "known")
    with at(2026, 7, 30), pytest.raises(Refused, match="after that day"):
        given_back(world, instrument, REQUIRED, VALID_UNTIL)
    with at(2026, 8, 13):
        given_back(world, instrument, REQUIRED, date(2026, 8, 13))
    instrument.refresh_from_db()
    row.refresh_from_db()
    assert (instrument.balance, row.state, row.done_on) == (0, "done", date(2026, 8, 13))


def test_an_open_claim_stops_the_clock_until_a_person_records_its_completion(world):
    instrument, liability = accepted(world), owed(world)
    with at(2026, 7, 20):
        claim = delivered(world, instrument, "20000.00", date(2026, 7, 20), liability=liability)
    with at(2026, 8, 21):
        assert duty(world, "give_back").due_state == "pending"
        with pytest.raises(Refused, match="claim is under way"):
            given_back(world, instrument, REQUIRED, date(2026, 8, 21))
        guarantee_claims.security_claim_answer(
            actor=world.viewer("FIN"), claim=claim, outcome="paid", on=date(2026, 8, 10), reference="BOC-9"
        )
        assert duty(world, "give_back").due_state == "pending"  # paid is not yet completed (D-41)
        guarantee_claims.security_claim_close(
            actor=world.viewer("FIN"), claim=claim, closed_on=date(2026, 8, 20), note="付讫并经法务确认"
        )
        row = duty(world, "give_back")
        assert (row.due_state, row.due_on) == ("known", date(2026, 9, 3))
        given_back(world, instrument, REQUIRED - HALF, date(2026, 8, 21))
        row.refresh_from_db()
        assert (row.state, row.done_on) == ("done", date(2026, 8, 21))


def test_a_second_claim_opens_the_clock_again(world):
    instrument, liability = accepted(world), owed(world)
    with at(2026, 7, 20):
        for number, amount in enumerate(("1.00", "2.00")):
            claim = delivered(world, instrument, amount, date(2026, 7, 20), liability=liability)
            assert duty(world, "give_back").due_state == "pending", number
            guarantee_claims.security_claim_answer(
                actor=world.viewer("FIN"), claim=claim, outcome="withdrawn", on=date(2026, 7, 20), note="撤回"
            )
            guarantee_claims.security_claim_close(
                actor=world.viewer("FIN"), claim=claim, closed_on=date(2026, 7, 20), note="已撤回"
            )
            assert duty(world, "give_back").due_on == date(2026, 8, 13)


def test_a_draw_makes_a_duty_to_top_up_only_where_the_contract_has_one(world):
    instrument, liability = accepted(world), owed(world)
    with at(2026, 1, 5):
        claim = delivered(world, instrument, "1000.00", date(2026, 1, 5), liability=liability)
        guarantee_claims.security_claim_answer(
            actor=world.viewer("FIN"), claim=claim, outcome="paid", on=date(2026, 1, 5), reference="BOC-9"
        )
        drawn = SecurityMovement.objects.get(kind="drawn")
        row = duty(world, "top_up", f"draw-{drawn.pk}")
        assert (row.due_on, row.state) == (date(2026, 1, 20), "open")
        accepted(world, number="CASH-2", form="cash", issuer="", upload=None, issued_on=None, expires_on=None,
                 amount=Decimal("1000.00"), received_on=date(2026, 1, 5))  # fmt: skip
        row.refresh_from_db()
        assert (row.state, row.done_on) == ("done", date(2026, 1, 5))


def test_a_wrong_entry_is_countered_by_two_and_never_edited(world):
    instrument, liability = accepted(world), owed(world)
    with at(2026, 1, 5):
        claim = delivered(world, instrument, "1000.00", date(2026, 1, 5), liability=liability)
        guarantee_claims.security_claim_answer(
            actor=world.viewer("FIN"), claim=claim, outcome="paid", on=date(2026, 1, 5), reference="BOC-9"
        )
        wrong = SecurityMovement.objects.get(kind="drawn")
        values = {
            "actor": world.viewer("FIN"), "instrument": instrument, "kind": "counter", "on": date(2026, 1, 5),
            "reference": "更正单 1", "counters": wrong, "note": "银行退回",
        }  # fmt: skip
        with pytest.raises(Refused, match="countered whole"):
            guarantee.order_propose(**values, amount=Decimal("999.00"))
        order = guarantee.order_propose(**values, amount=Decimal("1000.00"))
        with pytest.raises(Refused, match="proposed already"):
            guarantee.order_propose(**values, amount=Decimal("1000.00"))
        guarantee.order_decide(actor=world.viewer("MGR"), order=order, approve=True)
    instrument.refresh_from_db()
    liability.refresh_from_db()
    assert (instrument.balance, instrument.drawn, liability.drawn) == (REQUIRED, 0, 0)
    assert ledger(instrument)[-1] == ("counter", Decimal("1000.00"))
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"):
        SecurityMovement.objects.filter(pk=wrong.pk).update(reference="anders")
