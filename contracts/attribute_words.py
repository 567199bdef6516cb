"""Words for the attributes definitions commonly give to things; a definition's own names are shown as written."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

ATTRIBUTES = {
    "amount": _("Amount"),
    "announced": _("Announced on"),
    "arrived": _("Arrived on site"),
    "backup_missing": _("Backup missing"),
    "bank": _("Issuing bank"),
    "bound": _("Bound to secrecy on"),
    "category": _("Category"),
    "cause": _("Cause"),
    "completed": _("Completed on"),
    "contained": _("Contained"),
    "core_data": _("Core data concerned"),
    "date": _("Date"),
    "deadline": _("Deadline"),
    "deducted": _("Deducted on"),
    "destroyed": _("Destroyed on"),
    "done": _("Done on"),
    "economic_loss": _("Economic loss"),
    "end": _("Ends on"),
    "ended": _("Ended on"),
    "erased": _("Data erased on"),
    "expires": _("Valid until"),
    "fee": _("Share of the contract sum"),
    "filed": _("Filed on"),
    "first_feedback": _("First feedback"),
    "force_majeure": _("Force majeure"),
    "form": _("Form of the security"),
    "grade": _("Grade"),
    "handled_late": _("Handled too late"),
    "handled_properly": _("Handled properly"),
    "harmed": _("Harm done"),
    "important": _("Important system"),
    "incident": _("Incident"),
    "instalment": _("Instalment"),
    "interrupted": _("Service interrupted"),
    "inventoried": _("Inventory finished on"),
    "issued": _("Issued on"),
    "joined": _("Joined on"),
    "key_member": _("Key person"),
    "known": _("Known on"),
    "left": _("Left on"),
    "level_3": _("Protection level 3"),
    "lifted": _("Lifted on"),
    "located": _("Cause located"),
    "maintenance_request": _("Maintenance asked for"),
    "major_accident": _("Major accident"),
    "major_impact": _("Major impact"),
    "major_loss": _("Major loss"),
    "month": _("Month"),
    "notice_deadline": _("Deadline in the notice"),
    "noticed": _("Notice given on"),
    "notified": _("Notified on"),
    "occurred": _("Occurred"),
    "other_cloud_down": _("Another cloud failed"),
    "paid": _("Paid on"),
    "passed": _("Passed"),
    "people_affected": _("People affected"),
    "plan_delivered": _("Plan handed in on"),
    "platform_wide": _("Whole platform concerned"),
    "problem_occurred": _("A problem followed"),
    "protected": _("Protected in time"),
    "protected_period": _("In a protected period"),
    "proved": _("Proof given on"),
    "provider_fault": _("The vendor's fault"),
    "provider_main": _("Mainly the vendor's fault"),
    "received": _("Received on"),
    "rectified": _("Put right"),
    "registered": _("Registered"),
    "regulator_notice": _("Supervisor's notice on"),
    "renewed": _("Renewed on"),
    "replaced": _("Replaced on"),
    "report_delivered": _("Report handed in on"),
    "reported": _("Reported"),
    "responded": _("Responded"),
    "restored": _("Restored"),
    "resubmitted": _("Handed in again on"),
    "returned": _("Returned on"),
    "scope": _("Scope"),
    "security_service_fault": _("Security service failed"),
    "shut_down": _("Shut down on"),
    "signed": _("Signed on"),
    "stable": _("Running stably since"),
    "staff_present": _("Staff on site"),
    "start": _("Starts on"),
    "system": _("System"),
    "systems": _("Systems"),
    "ticket": _("Ticket"),
    "topped_up": _("Topped up on"),
    "trained": _("Trained on"),
    "unrecoverable": _("Data lost for good"),
    "valid_until": _("Valid until"),
}

# Texts that definitions commonly compare attributes with.
VALUES = {
    "buyer": _("The buyer"),
    "carrier": _("The carrier"),
    "cash": _("Cash"),
    "cheque": _("Cheque"),
    "data_loss": _("Data loss"),
    "draft": _("Bank draft"),
    "force_majeure": _("Force majeure"),
    "guarantee": _("Bank guarantee"),
    "intrusion": _("Intrusion"),
    "licence": _("Licence"),
    "maintenance": _("Maintenance"),
    "other": _("Other"),
    "security_review": _("Security review"),
    "serious": _("Serious"),
    "tamper": _("Tampering"),
    "vendor": _("The vendor"),
}


def value_words(value: str) -> str:
    """A text an attribute may have, in the reader's language; a definition's own texts as written."""
    return str(VALUES.get(value, value))


def value_choices(values: Sequence[str]) -> list[tuple[str, str]]:
    """What a form offers for an attribute that the contract compares with `values`: unknown, these, any other."""
    named = list(dict.fromkeys((*values, "other")))
    return [("", str(_("Unknown"))), *((value, value_words(value)) for value in named)]


def attribute_words(name: str) -> str:
    """An attribute of a thing in the reader's language."""
    return str(ATTRIBUTES.get(name, name.replace("_", " ")))
