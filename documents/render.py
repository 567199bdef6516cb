"""From frozen facts to bytes: a template filled with text that can be set, our faces, and a renderer in another process
that fetches nothing (security.md C19, F19). Equal input gives equal bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from contracts.errors import Refused
from documents import fonts
from documents.printing import pool
from documents.worker import FONT_SCHEME

STYLES = Path(settings.BASE_DIR) / "templates" / "documents"
# Some 5,000 rows of a ledger. More is not a paper any more; the renderer's own limits stand behind this one.
MAX_CHARACTERS = 4_000_000


def _rule(face: str, extent: str) -> str:
    family = f"Document {face.title()}{' Full' if extent == 'full' else ''}"
    return f'@font-face {{ font-family: "{family}"; src: url({FONT_SCHEME}{face}-{extent}); }}'


@cache
def _style(name: str, extents: tuple[str, ...]) -> str:
    """The common style sheet with one of its own for the document, if it has one."""
    faces = [_rule(face, extent) for face in fonts.FACES for extent in extents]
    own = STYLES / f"{name}.css"
    sheets = [STYLES / "base.css", *([own] if own.exists() else [])]
    return "\n".join([*faces, *(sheet.read_text(encoding="utf-8") for sheet in sheets)])


@cache
def _paths(extents: tuple[str, ...]) -> dict[str, str]:
    find = {"common": fonts.common_path, "full": fonts.full_path}
    return {f"{face}-{extent}": str(find[extent](face)) for face in fonts.FACES for extent in extents}


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


def job(name: str, context: Mapping[str, Any], *, issued_at: datetime, identifier: str) -> dict[str, Any]:
    """What a renderer needs for `templates/documents/<name>.html`. Raises Refused when it is too long to print."""
    stamp = issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    html = render_to_string(f"documents/{name}.html", {**settable(context), "stamp": stamp})
    if len(html) > MAX_CHARACTERS:
        raise Refused(_("The document holds more text than can be printed. Narrow it down."))
    extents = ("common", "full") if fonts.needs_full(html) else ("common",)
    return {"html": html, "css": _style(name, extents), "fonts": _paths(extents), "identifier": identifier}


def pdf(given: Mapping[str, Any]) -> bytes:
    """The PDF of a job: tagged, with only our own faces embedded. The bytes depend on the job alone: the dates inside
    are those of the issue.

    Raises Refused when it is too large, too slow or cannot be printed.
    """
    body, _cost = pool().run(given)
    return body
