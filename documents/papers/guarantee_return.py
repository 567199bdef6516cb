"""The receipt for a security given back (履约担保退还回执): the paper or the money returned, signed by both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from billing.models import SecurityOrder
from documents.kinds import Kind, contract_facts, day, money, priced


def _load(key: str) -> SecurityOrder | None:
    rows = SecurityOrder.objects.select_related("contract__buyer", "contract__vendor", "instrument")
    found: SecurityOrder | None = rows.filter(pk=int(key), kind=SecurityOrder.Kind.RELEASE).first()
    return found


def _refuse(order: SecurityOrder) -> str:
    if order.state != SecurityOrder.State.APPROVED:
        return _("Another person has to approve the return before its receipt is issued.")
    return ""


def _content(order: SecurityOrder) -> dict[str, Any]:
    contract, instrument = order.contract, order.instrument
    return {
        "kind": KIND.code,
        "contract": contract_facts(contract),
        "instrument": {
            "number": instrument.number,
            "issuer": instrument.issuer,
            "amount": str(instrument.amount),
            "drawn": str(instrument.drawn),
            "received_on": day(instrument.received_on),
            "expires_on": day(instrument.expires_on),
        },
        "returned": priced(
            order.amount,
            on=day(order.on),
            reference=order.reference,
        ),
    }


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract, instrument, returned = content["contract"], content["instrument"], content["returned"]
    currency = contract["currency"]
    return {
        "contract": contract,
        "instrument": {
            **instrument,
            "amount": money(instrument["amount"], currency),
            "drawn": money(instrument["drawn"], currency),
        },
        "returned": {**returned, "amount": money(returned["amount"], currency)},
        "boxes": [
            {"title": "退还方（采购人，盖章）", "who": contract["buyer"], "when": ""},
            {"title": "领取方（服务商，盖章）", "who": contract["vendor"], "when": ""},
        ],
    }


KIND = Kind(
    "guarantee_return", "履约担保退还回执", "TH", "security_order", _load, _refuse, _content, _layout, to_vendor=True
)
