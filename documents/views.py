"""The public verify page behind a document's QR code: number, kind, validity, date and hashes; never an amount."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.policy import public
from documents.selectors import verification


def _uploaded_hash(request: HttpRequest) -> str | None:
    """SHA-256 of the uploaded copy; None when none was sent or it is larger than any document of ours."""
    upload = request.FILES.get("file")
    if upload is None or upload.size is None or upload.size > settings.UPLOAD_MAX_BYTES:
        return None
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


@public("GET", "POST")
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """Show the document of a token; on POST also compare an uploaded copy with what was issued. Nothing is kept."""
    found = verification(token)
    if found is None:
        raise Http404
    given = _uploaded_hash(request) if request.method == "POST" else None
    context = {
        "document": found,
        "asked": request.method == "POST",
        "given": given,
        "same": given is not None and given == found.file_sha256,
    }
    return render(request, "documents/verify.html", context)
