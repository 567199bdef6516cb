"""One thing to be acted upon: a hold, a change of account, a payment, its reversal. Each with what its page shows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from billing.models import FiscalHold, PayeeChange, Payment, PaymentReversal
from contracts.models import Contract


def _get(rows: QuerySet[Any], pk: int, *, viewer: Viewer) -> Any:
    require(viewer, "payment.read")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def hold_get(pk: int, *, viewer: Viewer) -> FiscalHold:
    """A fiscal hold with its milestone and contract. Raises NotVisible."""
    rows = FiscalHold.objects.visible_to(viewer).select_related("milestone", "contract")
    found: FiscalHold = _get(rows, pk, viewer=viewer)
    return found


def payee_change_get(pk: int, *, viewer: Viewer) -> PayeeChange:
    """A change of the account to pay to, with its letter and people. Raises NotVisible."""
    rows = PayeeChange.objects.visible_to(viewer).select_related("contract", "letter", "proposed_by", "decided_by")
    found: PayeeChange = _get(rows, pk, viewer=viewer)
    return found


def payee_changes_of(contract: Contract, *, viewer: Viewer) -> tuple[PayeeChange, ...]:
    """Every change of the account ever proposed, newest first. One query."""
    rows = PayeeChange.objects.visible_to(viewer).filter(contract=contract)
    return tuple(rows.select_related("letter", "proposed_by", "decided_by").order_by("-pk"))


def payment_get(pk: int, *, viewer: Viewer) -> Payment:
    """A posted payment with its application and milestone; never a counter-entry. Raises NotVisible."""
    rows = Payment.objects.visible_to(viewer).filter(application__isnull=False)
    found: Payment = _get(rows.select_related("application__milestone", "contract", "posted_by"), pk, viewer=viewer)
    return found


def reversal_get(pk: int, *, viewer: Viewer) -> PaymentReversal:
    """A proposed or decided reversal with its payment. Raises NotVisible."""
    rows = PaymentReversal.objects.visible_to(viewer).select_related(
        "payment__application__milestone", "contract", "proposed_by", "decided_by"
    )
    found: PaymentReversal = _get(rows, pk, viewer=viewer)
    return found


def reversals_of(application_id: int, *, viewer: Viewer) -> tuple[PaymentReversal, ...]:
    """What was proposed about an application's payment, newest first. One query."""
    rows = PaymentReversal.objects.visible_to(viewer).filter(payment__application=application_id)
    return tuple(rows.select_related("proposed_by", "decided_by").order_by("-pk"))
