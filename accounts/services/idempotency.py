"""Repeat protection for money POSTs (security.md C15): the same key with the same body gets the same answer and has one
effect; with another body or address it is refused; two at once have one effect. Keys belong to one person."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import IdempotencyRecord
from accounts.scoping import request_viewer

FIELD = "idempotency_key"
HEADER = "Idempotency-Key"
MAX_KEY = 255
KEPT = timedelta(days=30)  # far longer than a page with a form stays open


def new_key() -> str:
    """A fresh key for the hidden field of a form."""
    return str(uuid.uuid4())


def form_key(request: HttpRequest) -> str:
    """The key a form is shown with: the posted one when a refused form is shown again, else a fresh one."""
    return _given_key(request) or new_key()


def _given_key(request: HttpRequest) -> str:
    return (request.headers.get(HEADER) or request.POST.get(FIELD, "")).strip()


def _fingerprint(request: HttpRequest) -> str:
    """SHA-256 over method, fields and files, without the key itself and the token that changes with every page."""
    digest = hashlib.sha256((request.method or "").encode())
    for name in sorted(set(request.POST) - {FIELD, "csrfmiddlewaretoken"}):
        for value in request.POST.getlist(name):
            digest.update(f"\x1e{name}\x1f{value}".encode())
    for name in sorted(request.FILES):
        for upload in request.FILES.getlist(name):
            content = hashlib.sha256()
            for chunk in upload.chunks():
                content.update(chunk)
            upload.seek(0)
            digest.update(f"\x1e{name}\x1f{upload.name}\x1f{content.hexdigest()}".encode())
    return digest.hexdigest()


def _in_flight(user_id: int, key: str) -> bool:
    """Whether another transaction works on this key right now. PostgreSQL says so at once by an advisory lock that
    ends with the transaction; SQLite has one writer at a time: the second request waits, then reads the answer."""
    if connection.vendor != "postgresql":
        return False
    lock = int.from_bytes(hashlib.sha256(f"idempotency:{user_id}:{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        row = cursor.fetchone()
    return not (row and row[0])


def _refuse(status: int, message: str) -> HttpResponse:
    page = render_to_string("repeat_protection.html", {"status": status, "message": message})
    return HttpResponse(page, status=status)


def _stored(record: IdempotencyRecord) -> HttpResponse:
    if record.location:
        answer: HttpResponse = HttpResponseRedirect(record.location, status=record.status or 302)
    else:
        answer = HttpResponse(record.body, status=record.status or 200)
    answer["Idempotent-Replay"] = "true"
    return answer


def idempotent(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator of a view: POST needs a key (field `idempotency_key` or header `Idempotency-Key`, ≤ 255 characters).

    The view runs in one transaction with the record of its answer, so a crash leaves neither. An answer of 400 or above
    rolls everything back and keeps nothing: the person may correct the form and send it again with the same key.
    Answers 409 while another request with the key is under way, 422 when the key was used for something else.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        key, user_id = _given_key(request), request_viewer(request).user_id
        if not key or len(key) > MAX_KEY or user_id is None:
            return _refuse(422, _("This form was sent without its repeat protection. Load the page again and retry."))
        fingerprint = _fingerprint(request)
        with transaction.atomic():
            if _in_flight(user_id, key):
                return _refuse(
                    409, _("The same request is being carried out right now. Load the page to see its result.")
                )
            try:
                with transaction.atomic():
                    record = IdempotencyRecord.objects.create(
                        user_id=user_id, key=key, path=request.path[:300], body_hash=fingerprint
                    )
            except IntegrityError:
                record = IdempotencyRecord.objects.get(user_id=user_id, key=key)
                if record.path != request.path[:300] or record.body_hash != fingerprint:
                    return _refuse(
                        422,
                        _("This form was already sent with other content. Load the page again to see what was done."),
                    )
                return _stored(record)
            response = view(request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
                return response
            record.status = response.status_code
            record.location = response.headers.get("Location", "")[:500]
            record.body = "" if record.location else response.content.decode(response.charset or "utf-8")
            record.finished_at = timezone.now()
            record.save(update_fields=("status", "location", "body", "finished_at"))
            return response

    return guarded


def idempotency_purge(*, now: datetime) -> int:
    """Forget answers older than `KEPT`; how many. What they were the answers to stays: the records of money and the
    journal."""
    count, _rows = IdempotencyRecord.objects.filter(created_at__lt=now - KEPT).delete()
    return count
