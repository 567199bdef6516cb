"""The words for the codes of billing.rules_invoice, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

SUBJECTS: dict[str, str] = {
    "title": gettext_noop("Invoice title"),
    "buyer_tax_number": gettext_noop("Buyer's tax number"),
    "seller_tax_number": gettext_noop("Seller's tax number"),
    "taxes": gettext_noop("Tax by rate"),
}

STATES: dict[str, str] = {
    "met": gettext_noop("agrees"),
    "unread": gettext_noop("not entered: compare with the paper and say so in the note"),
    "unrecorded": gettext_noop(
        "nothing is recorded to compare with: have it entered in the party's details, or say in the note what you "
        "compared it with"
    ),
    "differs": gettext_noop("differs"),
}


def subject_text(subject: str) -> str:
    """What is compared."""
    return _(SUBJECTS[subject])


def check_text(state: str) -> str:
    """How the comparison came out."""
    return _(STATES[state])
