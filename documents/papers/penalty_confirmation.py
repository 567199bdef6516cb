"""The penalty confirmation (违约金确认书): the amount both parties agree on, for both to sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from documents.kinds import Kind, local_day
from documents.papers import penalty_facts
from penalties.models import PenaltyCase

AGREED = ("agreed", "settled", "closed")
DECISIONS = {"upheld": "维持", "partly": "部分维持", "withdrawn": "撤回"}


def _refuse(case: PenaltyCase) -> str:
    if case.state not in AGREED or case.amount is None:
        return _("A confirmation is issued once both sides have agreed on the amount.")
    return ""


def _content(case: PenaltyCase) -> dict[str, Any]:
    found = penalty_facts.content(case, KIND.code)
    del found["case"]["state"]
    return {
        **found,
        "course": {
            "notified_on": case.sent_on.isoformat() if case.sent_on else "",
            "delivered_on": case.delivered_on.isoformat() if case.delivered_on else "",
            "objected_on": local_day(case.objected_at, case.contract),
            "decision": case.decision,
            "decided_on": local_day(case.decided_at, case.contract),
            "agreed_on": local_day(case.agreed_at, case.contract),
        },
    }


def boxes(contract: Mapping[str, str]) -> list[dict[str, str]]:
    """Both parties' places to sign."""
    return [
        {"title": "采购人（盖章）", "who": contract["buyer"], "when": ""},
        {"title": "服务商（盖章）", "who": contract["vendor"], "when": ""},
    ]


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    course = content["course"]
    return {
        **penalty_facts.layout(content),
        "course": {**course, "decision": DECISIONS.get(course["decision"], "")},
        "boxes": boxes(content["contract"]),
    }


KIND = Kind(
    "penalty_confirmation",
    "违约金确认书",
    "QR",
    "case",
    penalty_facts.load,
    _refuse,
    _content,
    _layout,
    to_vendor=True,
)
