"""Serving a stored file: always as an attachment, never sniffed, never run (OWASP ASVS 5.4; RFC 6266)."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header

from contracts.models import StoredFile
from contracts.services.files import file_open


def attachment_response(file: StoredFile) -> FileResponse:
    """The file as a download under the person's own (cleaned) name. Check visibility before calling."""
    response = FileResponse(file_open(file), content_type=file.media_type)
    response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    response["Content-Length"] = str(file.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def bytes_response(name: str, body: bytes, media_type: str) -> HttpResponse:
    """Bytes as a download that a browser saves and never shows or runs."""
    response = HttpResponse(body, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
