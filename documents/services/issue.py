"""Issue a document once: number, facts, hashes, bytes, all in one transaction; rendering happens before it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from billing.models import NumberSequence, PaymentApplication
from billing.services.common import actor_id, next_number
from contracts.errors import Refused
from contracts.models import Contract
from contracts.services.files import file_store
from documents import printed
from documents.kinds import Kind, contract_of
from documents.models import IssuedDocument
from documents.papers import KINDS
from documents.render import facts_hash

ATTEMPTS = 3


def _latest(kind: Kind, key: str, contract: Contract) -> IssuedDocument | None:
    rows = IssuedDocument.objects.filter(contract=contract, kind=kind.code, subject=kind.subject(key))
    found: IssuedDocument | None = rows.select_related("file", "cancellation").order_by("-pk").first()
    return found


def _expected_number(contract: Contract, kind: Kind, year: int) -> str:
    """The number the next document of the kind would get, without taking it."""
    last = (
        NumberSequence.objects.filter(contract=contract, series=kind.code, year=year)
        .values_list("last", flat=True)
        .first()
    )
    return f"{contract.number}-{kind.prefix}-{year}-{(last or 0) + 1:04d}"


def _facts(
    content: dict[str, Any], *, number: str, token: str, now: datetime, zone: ZoneInfo, by: str
) -> dict[str, Any]:
    return {
        "layout": printed.LAYOUT,
        "number": number,
        "issued_at": now.astimezone(UTC).isoformat(),
        "issued_on": now.astimezone(zone).date().isoformat(),
        "issued_by": by,
        "verify_url": f"{settings.SITE_URL}{reverse('documents:verify', args=[token])}",
        "content": content,
    }


def _load(kind: Kind, key: str) -> Any:
    found = kind.find(key)
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def document_issue(*, actor: Viewer, kind: str, key: str) -> IssuedDocument:
    """The document of a kind (documents.papers.KINDS) about what has this key: the one issued already if nothing it
    says has changed since, else a new one that replaces it. Numbers run without a gap per contract, kind and year.

    Raises NotVisible for a subject the actor may not know of; Refused for one nothing can be issued about now, for an
    amount in capitals that differs from its figures, or for more text than can be printed.
    """
    chosen = KINDS.get(kind)
    if chosen is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    require(actor, "document.issue", _load(chosen, key))
    for _attempt in range(ATTEMPTS):
        current = _load(chosen, key)
        refusal = chosen.refuse(current)
        if refusal:
            raise Refused(refusal)
        contract, content = contract_of(current), chosen.content(current)
        latest = _latest(chosen, key, contract)
        if latest is not None and not latest.cancelled and latest.facts["content"] == content:
            return latest
        now, zone = timezone.now(), ZoneInfo(contract.zone)
        year = now.astimezone(zone).year
        number, token = _expected_number(contract, chosen, year), secrets.token_urlsafe(32)
        facts = _facts(content, number=number, token=token, now=now, zone=zone, by=actor.label)
        body = printed.render_pdf(facts)
        with transaction.atomic():
            taken = next_number(contract, chosen.code, chosen.prefix, year)
            again = _latest(chosen, key, contract)
            same_latest = (again.pk if again else None) == (latest.pk if latest else None)
            if taken != number or not same_latest or chosen.content(_load(chosen, key)) != content:
                # Somebody issued or changed something while we rendered; on the last attempt the person is told.
                transaction.set_rollback(True)
                continue
            return _store(actor, contract, chosen, chosen.subject(key), facts, token, body, now, latest)
    raise Refused(_("Other documents are being issued for this contract right now. Try again in a moment."))


def payment_approval_issue(*, actor: Viewer, application: PaymentApplication) -> IssuedDocument:
    """The payment approval form of an application; see `document_issue`."""
    return document_issue(actor=actor, kind="payment_approval", key=str(application.pk))


def _store(
    actor: Viewer,
    contract: Contract,
    kind: Kind,
    subject: str,
    facts: dict[str, Any],
    token: str,
    body: bytes,
    now: datetime,
    replaces: IssuedDocument | None,
) -> IssuedDocument:
    upload = SimpleUploadedFile(f"{facts['number']}.pdf", body, content_type="application/pdf")
    # The file is always the buyer's; who else may read a document is decided by the document, not by its file.
    stored = file_store(actor=actor, contract=contract, upload=upload, buyer_only=True)
    document = IssuedDocument.objects.create(
        contract=contract,
        kind=kind.code,
        number=facts["number"],
        subject=subject,
        facts=facts,
        facts_sha256=facts_hash(facts),
        file=stored,
        token=token,
        to_vendor=kind.to_vendor,
        issued_by_id=actor_id(actor),
        issued_at=now,
        replaces=replaces,
    )
    journal.record(
        actor,
        "document.issue",
        document,
        chain=journal.contract_chain(contract.pk),
        after={
            "number": document.number,
            "facts_sha256": document.facts_sha256,
            "file_sha256": stored.sha256,
            "replaces": replaces.number if replaces else "",
        },
    )
    return document
