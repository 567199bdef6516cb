"""Reminders: planned as steps, swept into one row per recipient, dispatched through channels.

The database is the truth and the queue a hint. Rows are written exactly once (unique on obligation, due version, step
and recipient); mail goes out at least once, with a Message-ID that stays the same."""

from obligations.services.reminders.actions import acknowledge, chase, hand_over
from obligations.services.reminders.dispatching import DispatchResult, dispatch, requeue
from obligations.services.reminders.holes import holes_report
from obligations.services.reminders.planning import plan_reminders, replenish
from obligations.services.reminders.rehearsing import rehearse
from obligations.services.reminders.sweeping import SweepResult, sweep

__all__ = [
    "DispatchResult",
    "SweepResult",
    "acknowledge",
    "chase",
    "dispatch",
    "hand_over",
    "holes_report",
    "plan_reminders",
    "rehearse",
    "replenish",
    "requeue",
    "sweep",
]
