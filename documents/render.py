"""HTML to PDF by WeasyPrint, closed to the outside: nothing is fetched but our own fonts and data: pictures, no user
text is ever HTML, and equal input gives equal bytes (security.md C19, F19)."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from documents import fonts

STYLES = Path(settings.BASE_DIR) / "templates" / "documents"
_SCHEME = "font:"
# A form shows what one application holds; more text than this is not a form but an attack on the renderer.
MAX_CHARACTERS = 60_000


# Fontconfig and Pango are shared by the threads of a process; more speed comes from more processes.
_one_at_a_time = threading.Lock()


class TooLong(ValueError):
    """The document would hold more text than one may print."""


class ClosedFetcher(URLFetcher):
    """Serves `font:<face>-<common|full>` from our own files and data: addresses; everything else is refused."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        if url.startswith(_SCHEME):
            face, _, extent = url.removeprefix(_SCHEME).partition("-")
            if face not in fonts.FACES or extent not in {"common", "full"}:
                raise ValueError(f"No such font: {url}")
            path = fonts.common_path(face) if extent == "common" else fonts.full_path(face)
            return URLFetcherResponse(url, body=path.read_bytes(), headers={"Content-Type": "font/otf"})
        if not url.startswith("data:"):
            raise ValueError(f"Documents fetch nothing: {url[:200]}")
        return super().fetch(url, headers)


def _face(face: str, extent: str) -> str:
    family = f"Document {face.title()}{' Full' if extent == 'full' else ''}"
    return f'@font-face {{ font-family: "{family}"; src: url({_SCHEME}{face}-{extent}); }}'


@cache
def _font_configuration() -> FontConfiguration:
    """One per process: making one costs as much as a render."""
    return FontConfiguration()


@cache
def _style(name: str, full: bool) -> CSS:
    extents = ("common", "full") if full else ("common",)
    faces = "\n".join(_face(face, extent) for face in fonts.FACES for extent in extents)
    text = (STYLES / name).read_text(encoding="utf-8")
    return CSS(string=f"{faces}\n{text}", font_config=_font_configuration(), url_fetcher=ClosedFetcher())


def canonical(facts: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys and no blanks, UTF-8: what a document's hash covers."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def facts_hash(facts: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical facts, hexadecimal."""
    return hashlib.sha256(canonical(facts)).hexdigest()


def settable(value: Any) -> Any:
    """The same facts with every text made printable; anything but text, lists and mappings stays."""
    if isinstance(value, str):
        return fonts.printable(value)
    if isinstance(value, Mapping):
        return {key: settable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [settable(item) for item in value]
    return value


def pdf(template: str, style: str, context: Mapping[str, Any], *, issued_at: datetime, identifier: str) -> bytes:
    """Render `templates/documents/<template>` with `<style>` beside it. The bytes depend on the arguments alone:
    dates inside are `issued_at`, the file identifier comes from `identifier` (hexadecimal). Raises TooLong."""
    stamp = issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    html = render_to_string(f"documents/{template}", {**settable(context), "stamp": stamp})
    if len(html) > MAX_CHARACTERS:
        raise TooLong(f"{len(html)} characters")
    with _one_at_a_time:
        document = HTML(string=html, base_url=None, url_fetcher=ClosedFetcher())
        result: bytes = document.write_pdf(
            stylesheets=[_style(style, fonts.needs_full(html))],
            font_config=_font_configuration(),
            pdf_identifier=bytes.fromhex(identifier)[:16],
            pdf_variant="pdf/ua-1",
            optimize_images=False,
        )
    return result
