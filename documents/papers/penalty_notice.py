"""The penalty notice (违约金通知书): to the vendor, with clause, facts, formula, readings, and until when to object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from contracts.selectors import today_for
from documents.kinds import Kind, clause_text, day, long_day
from documents.papers import penalty_facts
from penalties.models import PenaltyCase
from penalties.reckoning import basis_for
from penalties.services.notices import USUAL_PERIOD, rule_for

CLAIMED = ("approved", "notified", "objected", "decided", "agreed", "frozen", "settled", "closed")
UNITS = {"workdays": "个工作日", "days": "日"}


def _refuse(case: PenaltyCase) -> str:
    if case.state not in CLAIMED or case.amount is None:
        return _("A notice is issued once another person has approved the penalty.")
    return ""


def _period(case: PenaltyCase) -> dict[str, Any]:
    """How long the vendor may object: the contract's period, or the one the notice sets."""
    rule = rule_for(basis_for(case.contract, as_of=today_for(case.contract)))
    return {
        "days": case.objection_days or rule.days or USUAL_PERIOD,
        "unit": rule.unit if rule.days is not None else "workdays",
        "clause": rule.objection_clause if rule.days is not None else "",
        "until": day(case.object_by),
    }


def _content(case: PenaltyCase) -> dict[str, Any]:
    found = penalty_facts.content(case, KIND.code)
    # What becomes of the case later is no part of the notice.
    del found["case"]["state"]
    return {**found, "period": _period(case)}


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    period = content["period"]
    return {
        **penalty_facts.layout(content),
        "signed_on": long_day(content["contract"]["signed_on"]),
        "period": {
            **period,
            "unit": UNITS[period["unit"]],
            "clause": clause_text(period["clause"]) if period["clause"] else "",
            "until": long_day(period["until"]) if period["until"] else "",
        },
    }


KIND = Kind(
    "penalty_notice", "违约金通知书", "WY", "case", penalty_facts.load, _refuse, _content, _layout, to_vendor=True
)
