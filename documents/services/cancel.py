"""Declaring an issued document void, by a record beside it; the document itself stays as it was issued."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.services.common import actor_id, clean_note
from contracts.errors import Refused
from documents.models import DocumentCancellation, IssuedDocument


def document_cancel(*, actor: Viewer, document: IssuedDocument, reason: str) -> DocumentCancellation:
    """Declare a document void from now on: its verify page says so, and another one can be issued in its place.

    Raises Refused without a reason, or when it is void or replaced already.
    """
    require(actor, "document.issue", document)
    note = clean_note(reason, required=_("Say why the document is void; it is shown in the list."))
    if IssuedDocument.objects.filter(replaces=document).exists():
        raise Refused(_("Another document has taken this one's place already."))
    try:
        with transaction.atomic():
            record = DocumentCancellation.objects.create(
                document=document, reason=note, cancelled_by_id=actor_id(actor), cancelled_at=timezone.now()
            )
            journal.record(
                actor,
                "document.cancel",
                document,
                chain=journal.contract_chain(document.contract_id),
                after={"number": document.number, "reason": note},
            )
    except IntegrityError as error:
        raise Refused(_("This document is void already.")) from error
    return record
