"""What may be done with penalties. Every function: policy check, locks, change, journal, all in one transaction."""

from penalties.services.adjustments import adjustment_decide, adjustment_propose
from penalties.services.clues import clues_raise
from penalties.services.disputes import (
    minutes_add,
    objection_retract,
    penalty_accept,
    penalty_agree,
    penalty_decide,
    penalty_freeze,
    penalty_object,
    penalty_waive,
    statement_add,
)
from penalties.services.moved import moved_look
from penalties.services.notices import delivery_record, penalty_notify
from penalties.services.proposals import (
    case_recompute,
    facts_establish,
    penalty_adopt,
    penalty_approve,
    penalty_cancel,
    penalty_propose,
    penalty_reject,
)
from penalties.services.settlements import case_close, settlement_decide, settlement_propose

__all__ = [
    "adjustment_decide",
    "adjustment_propose",
    "case_close",
    "case_recompute",
    "clues_raise",
    "delivery_record",
    "facts_establish",
    "minutes_add",
    "moved_look",
    "objection_retract",
    "penalty_accept",
    "penalty_adopt",
    "penalty_agree",
    "penalty_approve",
    "penalty_cancel",
    "penalty_decide",
    "penalty_freeze",
    "penalty_notify",
    "penalty_object",
    "penalty_propose",
    "penalty_reject",
    "penalty_waive",
    "settlement_decide",
    "settlement_propose",
    "statement_add",
]
