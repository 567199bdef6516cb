"""Worked cases of the real contract's security, through services and pages: T-10, T-12, T-15, T-16."""

from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from accounts.scoping import SYSTEM
from billing.selectors.guarantee import security_page
from billing.selectors.guarantee_fees import late_fees
from billing.services import guarantee
from contracts.models import Contract
from definitions.services import contract_load
from obligations.models import Obligation
from tests.billing.guarantee_world import at
from tests.billing.world import pdf
from tests.obligations.test_real_contract import FOLDER
from tests.world import World

PRINTED = Decimal("242264.18")


@pytest.fixture
def real(db):
    with at(2025, 7, 7):
        contract = contract_load(FOLDER, actor=SYSTEM).contract
        world = World(contract, {"buyer": contract.buyer, "vendor": contract.vendor})
        for name, role in (("FIN", "FIN"), ("MGR", "MGR"), ("AUD", "AUD")):
            world.join(name, role, contract.buyer)
        yield world


def given(world, number, *, received, expires, replaces=None):
    instrument = guarantee.instrument_submit(
        actor=world.viewer("FIN"), contract=world.contract, security="performance", form="bank_guarantee",
        number=number, issuer="演示银行", amount=PRINTED, issued_on=min(received, date(2025, 6, 27)),
        received_on=received, expires_on=expires, upload=pdf("scan.pdf"), replaces=replaces,
    )  # fmt: skip
    return guarantee.instrument_decide(actor=world.viewer("MGR"), instrument=instrument, accept=True, note="认可")


def row(world, duty, key=""):
    return Obligation.objects.get(contract=world.contract, duty=duty, key_text=key)


def shown(world, address):
    response = world.client("AUD").get(address)
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize(("received", "days"), [(date(2025, 6, 30), 0), (date(2025, 7, 1), 1), (date(2025, 7, 2), 2)])
def test_t10_handing_in(real, received, days):
    given(real, "BG-1", received=received, expires=date(2026, 7, 30))
    found = row(real, "guarantee_submit")
    assert (found.due_on, found.done_on) == (date(2025, 6, 30), received)
    page = security_page(real.contract, "performance", viewer=SYSTEM, as_of=date(2025, 7, 7))
    first = page.checks[0]
    assert first.code == ("handed_in" if not days else "handed_in_late")
    assert first.params.get("days", 0) == days
    # the reading by default: no late fee for the first handing in
    assert late_fees(real.contract, "performance", viewer=SYSTEM, as_of=date(2025, 7, 7)).fees == ()
    amount = next(line for line in page.checks if line.subject == "amount")
    assert (amount.code, amount.params["difference"]) == ("amount_printed", Decimal("0.004"))


def test_t12_giving_back(real):
    given(real, "BG-1", received=date(2025, 6, 30), expires=date(2026, 7, 30))
    assert row(real, "guarantee_refund").due_on == date(2026, 8, 13)
    address = reverse("web:contract_securities", args=[real.contract.pk])
    text = shown(real, f"{address}?as_of=2026-06-15")
    assert "2026-08-13" in text
    # D-40: computed from the contract's own dates, with the days of advice from its reminder policy
    for day in ("2026-08-31", "2026-07-01", "2026-07-15", "2026-07-24"):
        assert day in text
    page = security_page(real.contract, "performance", viewer=SYSTEM, as_of=date(2026, 6, 15))
    assert page.advice == (date(2026, 7, 1), date(2026, 7, 15), date(2026, 7, 24))
    assert [risk.on or risk.low for risk in page.outlasting][1] == date(2026, 8, 31)
    assert page.outlasting[0].on is None  # acceptance has no limit
    assert page.outlasting[2].low == date(2026, 11, 9)


RENEWALS = [
    (date(2025, 12, 31), date(2025, 12, 10), date(2025, 12, 9)),
    (date(2026, 2, 27), date(2026, 1, 30), date(2026, 1, 29)),  # across the Spring Festival
    (date(2026, 3, 31), date(2026, 3, 10), date(2026, 3, 9)),
    (date(2026, 5, 8), date(2026, 4, 14), date(2026, 4, 13)),
    (date(2026, 6, 30), date(2026, 6, 8), date(2026, 6, 5)),
]


def test_t15_the_last_day_to_renew_and_the_safe_one(real):
    for number, (expires, due, safe) in enumerate(RENEWALS):
        instrument = given(real, f"BG-{number}", received=date(2025, 6, 30), expires=expires)
        found = row(real, "guarantee_renewal", f"security-{instrument.pk}")
        assert (found.due_on, found.safe_on) == (due, safe)
    text = shown(real, reverse("web:security", args=[real.contract.pk, "performance"]))
    assert "2026-01-30" in text and "2026-01-29" in text


FEES = {
    date(2026, 3, 10): None,
    date(2026, 3, 11): ("242264.18", "242264.18"),
    date(2026, 3, 12): ("242264.18", "484528.35"),
    date(2026, 3, 20): ("242264.18", "2422641.76"),
}


def test_t16_the_late_fee_under_both_readings(real):
    with at(2026, 3, 23):
        keys = {}
        for number, renewed in enumerate(FEES):
            first = given(real, f"BG-{number}A", received=date(2025, 6, 30), expires=date(2026, 3, 31))
            given(real, f"BG-{number}B", received=renewed, expires=date(2026, 7, 30), replaces=first)
            keys[renewed] = f"security-{first.pk}"
        text = shown(real, reverse("web:security_fees", args=[real.contract.pk, "performance"]))
        fees = late_fees(real.contract, "performance", viewer=SYSTEM, as_of=date(2026, 3, 23)).fees
    found = {fee.key.split("/")[-1]: fee for fee in fees}
    assert set(found) == {keys[day] for day, expected in FEES.items() if expected}
    for day, expected in FEES.items():
        if expected is None:
            continue
        total, per_day = map(Decimal, expected)
        fee = found[keys[day]]
        # by the readings: capped in total, capped per day, a slip of the pen (no amount can be reckoned)
        assert [one.amount for one in fee.readings] == [total, per_day, None]
        assert [one.standing for one in fee.readings] == ["default", "open", "open"]
        assert (fee.low, fee.high) == (total, per_day)
        assert f"{per_day:,.2f}" in text


def test_the_definition_binds_everything(real):
    """No name of the contract is known to the code: the terms carry all of them."""
    from billing.selectors.guarantee import security_codes

    terms = security_codes(Contract.objects.get(pk=real.contract.pk))["performance"]
    assert terms.duties == (
        "guarantee_submit", "guarantee_renewal", "guarantee_cash", "guarantee_end", "guarantee_refund",
    )  # fmt: skip
    assert (terms.late_fee, terms.item, terms.paper) == ("renewal_late", "guarantee", "bill")
    assert [ground.key for ground in terms.grounds if ground.keeps] == ["renewal_overdue"]
