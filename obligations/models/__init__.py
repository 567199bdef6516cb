"""The one table of deadlines, its due versions, submissions and reminders."""

from obligations.models.obligation import DueVersion, Obligation
from obligations.models.reminder import Acknowledgement, Notification, Reminder, ReminderAudience, ReminderStep
from obligations.models.submission import Submission

__all__ = [
    "Acknowledgement",
    "DueVersion",
    "Notification",
    "Obligation",
    "Reminder",
    "ReminderAudience",
    "ReminderStep",
    "Submission",
]
