"""The penalty contract with a security, and with rules that grow with the facts: what a settlement may draw on."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import SecurityInstrument
from billing.services import guarantee
from contracts.models import DefinitionVersion
from penalties.snapshots import fingerprint
from tests.penalties.world import DATA, paper
from tests.world import World

VALID_UNTIL = date(2025, 10, 31)
HELD = Decimal("50000.05")


def secured(**sink: Any) -> dict[str, Any]:
    """The definition with a security; `sink` makes it a sink of the settlement, before the instalment."""
    data = deepcopy(DATA)
    data["security"] = {
        "performance": {
            "title": "履约保证金", "clause": "8.1", "amount": str(HELD), "forms": ["bank_guarantee", "cash"],
            "valid_until": VALID_UNTIL.isoformat(),
            "grounds": [
                {"key": "liability", "clause": "8.3", "title": "应担责任", "limit": "liability"},
                {"key": "overdue", "clause": "8.2", "title": "续函逾期", "limit": "balance", "keeps": True},
            ],
        },
    }  # fmt: skip
    if sink:
        data["reading"]["offset_order"] = {
            "title": "先扣哪个", "clause": "13.3", "problem": "没有写先后", "default": "instalment_first",
            "must_choose": False, "why": "尾款在先",
            "options": [
                {"key": "instalment_first", "text": "先抵尾款"}, {"key": "guarantee_first", "text": "先提保函"},
            ],
        }  # fmt: skip
        data["pool"]["all"]["settle"].insert(0, {"sink": "security.performance", **sink})
    return data


def governed_by(world: World, data: dict[str, Any]) -> None:
    """Put the contract under another definition."""
    row = DefinitionVersion.objects.get(contract=world.contract, state="active")
    row.data, row.sha256 = data, fingerprint(data)
    row.save(update_fields=("data", "sha256"))


def guaranteed(world: World) -> SecurityInstrument:
    """A bank's guarantee, accepted."""
    handed_in = guarantee.instrument_submit(
        actor=world.viewer("FIN"), contract=world.contract, security="performance", form="bank_guarantee",
        number="BG-0001", amount=HELD, issuer="演示银行", issued_on=date(2025, 6, 27), received_on=date(2025, 6, 30),
        expires_on=VALID_UNTIL, upload=paper("scan.pdf"),
    )  # fmt: skip
    return guarantee.instrument_decide(
        actor=world.viewer("MGR"), instrument=handed_in, accept=True, note="经财务处认可"
    )
