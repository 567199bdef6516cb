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
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import NumberSequence, PaymentApplication
from billing.services.common import actor_id, next_number
from contracts.errors import Refused
from contracts.models import Contract
from contracts.services.files import file_store
from documents import payment_approval
from documents.models import IssuedDocument
from documents.render import facts_hash

ATTEMPTS = 3
SERIES = "payment_approval"
PREFIX = "FK"


def _latest(subject: str, contract: Contract) -> IssuedDocument | None:
    found: IssuedDocument | None = (
        IssuedDocument.objects.filter(contract=contract, subject=subject).select_related("file").order_by("-pk").first()
    )
    return found


def _expected_number(contract: Contract, year: int) -> str:
    """The number the next document would get, without taking it."""
    last = (
        NumberSequence.objects.filter(contract=contract, series=SERIES, year=year)
        .values_list("last", flat=True)
        .first()
    )
    return f"{contract.number}-{PREFIX}-{year}-{(last or 0) + 1:04d}"


def _facts(
    content: dict[str, Any], *, number: str, token: str, now: datetime, zone: ZoneInfo, by: str
) -> dict[str, Any]:
    return {
        "number": number,
        "issued_at": now.astimezone(UTC).isoformat(),
        "issued_on": now.astimezone(zone).date().isoformat(),
        "issued_by": by,
        "verify_url": f"{settings.SITE_URL}{reverse('documents:verify', args=[token])}",
        "content": content,
    }


def _load(pk: int) -> PaymentApplication:
    rows = PaymentApplication.objects.select_related(
        "contract", "contract__buyer", "milestone", "milestone__obligation", "applied_by", "decided_by"
    )
    return rows.get(pk=pk)


def payment_approval_issue(*, actor: Viewer, application: PaymentApplication) -> IssuedDocument:
    """The payment approval form of an application: the one issued already if nothing has changed since, else a new one
    that replaces it. Numbers run without a gap per contract and year.

    Raises Refused for a rejected application, or one with more text than a form holds.
    """
    require(actor, "document.issue", application)
    subject = f"application:{application.pk}"
    for _attempt in range(ATTEMPTS):
        current = _load(application.pk)
        if current.state == PaymentApplication.State.REJECTED:
            raise Refused(_("This application was rejected. Apply again before you print a form."))
        contract, content = current.contract, payment_approval.content_facts(current)
        latest = _latest(subject, contract)
        if latest is not None and latest.facts["content"] == content:
            return latest
        now, zone = timezone.now(), ZoneInfo(contract.zone)
        year = now.astimezone(zone).year
        number, token = _expected_number(contract, year), secrets.token_urlsafe(32)
        facts = _facts(content, number=number, token=token, now=now, zone=zone, by=actor.label)
        body = payment_approval.render_pdf(facts)
        with transaction.atomic():
            if next_number(contract, SERIES, PREFIX, year) != number or not _unchanged(current, latest, content):
                # Somebody issued or changed something while we rendered; on the last attempt the person is told.
                transaction.set_rollback(True)
                continue
            return _store(actor, contract, subject, facts, token, body, now, latest)
    raise Refused(_("Other documents are being issued for this contract right now. Try again in a moment."))


def _unchanged(application: PaymentApplication, latest: IssuedDocument | None, content: dict[str, Any]) -> bool:
    """Under the number's lock: nothing about the application changed, and nobody issued its form meanwhile."""
    again = _latest(f"application:{application.pk}", application.contract)
    same_latest = (again.pk if again else None) == (latest.pk if latest else None)
    return same_latest and payment_approval.content_facts(_load(application.pk)) == content


def _store(
    actor: Viewer,
    contract: Contract,
    subject: str,
    facts: dict[str, Any],
    token: str,
    body: bytes,
    now: datetime,
    replaces: IssuedDocument | None,
) -> IssuedDocument:
    upload = SimpleUploadedFile(f"{facts['number']}.pdf", body, content_type="application/pdf")
    stored = file_store(actor=actor, contract=contract, upload=upload, buyer_only=True)
    document = IssuedDocument.objects.create(
        contract=contract,
        kind=IssuedDocument.Kind.PAYMENT_APPROVAL,
        number=facts["number"],
        subject=subject,
        facts=facts,
        facts_sha256=facts_hash(facts),
        file=stored,
        token=token,
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
