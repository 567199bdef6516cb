"""The codes of obligations in words, for both front doors."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

# The groups of a list, in their order.
GROUPS: dict[str, Promise] = {
    "overdue": gettext_lazy("Overdue"),
    # Passed, yet nobody is late by the contract: an internal target, or a third party's date.
    "missed": gettext_lazy("Target missed"),
    "today": gettext_lazy("Today"),
    "week": gettext_lazy("Within 7 days"),
    "month": gettext_lazy("Within 30 days"),
    "later": gettext_lazy("Later"),
    "waiting": gettext_lazy("Condition not met"),
    "none": gettext_lazy("Nothing due"),
}
SIDES: dict[str, Promise] = {
    "buyer": gettext_lazy("Buyer"),
    "vendor": gettext_lazy("Vendor"),
    "both": gettext_lazy("Both"),
    "third": gettext_lazy("Third party"),
}
KINDS: dict[str, Promise] = {
    "contractual": gettext_lazy("Contractual"),
    "internal": gettext_lazy("Internal target"),
    "external": gettext_lazy("Third party"),
}
STATUSES: dict[str, Promise] = {
    "waiting": gettext_lazy("Waiting"),
    "open": gettext_lazy("Open"),
    "due_soon": gettext_lazy("Due soon"),
    "due_today": gettext_lazy("Due today"),
    "met": gettext_lazy("Met"),
    "late": gettext_lazy("Overdue"),
    "not_applicable": gettext_lazy("Not applicable"),
    "pending": gettext_lazy("Pending"),
    "provisional": gettext_lazy("Provisional"),
    "target_missed": gettext_lazy("Target missed"),
    "in_review": gettext_lazy("In review"),
    "met_late": gettext_lazy("Met late"),
    "waived": gettext_lazy("Waived"),
    "closed": gettext_lazy("No longer applicable"),
    "standing": gettext_lazy("Standing"),
}
