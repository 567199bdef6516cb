"""Reading issued documents: inside by viewer, outside by the token of the QR code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract
from contracts.services.files import file_open
from documents.models import IssuedDocument
from documents.papers import KINDS

PAGE = 50


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """`older` is the cursor of the next page, empty on the last."""

    rows: tuple[IssuedDocument, ...]
    older: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What the public may learn of a document: no amounts, no names, no reasons. `replaced_by` is the number of its
    successor, `cancelled_on` the day from which it is void."""

    number: str
    kind: str
    issued_on: date
    facts_sha256: str
    file_sha256: str
    replaced_by: str
    cancelled_on: date | None = None

    @property
    def valid(self) -> bool:
        return not self.replaced_by and self.cancelled_on is None


READ = ("contract", "issued_by", "replaced_by", "cancellation", "file")


def documents_list(
    *, viewer: Viewer, contract: Contract | None = None, kind: str = "", before: int | None = None
) -> DocumentPage:
    """Issued documents, newest first, by keyset; the vendor gets those addressed to it. One query."""
    require(viewer, "document.received" if viewer.kind == "vendor" else "document.read")
    rows = IssuedDocument.objects.visible_to(viewer).select_related(*READ).defer("facts")
    if contract is not None:
        rows = rows.filter(contract=contract)
    if kind:
        rows = rows.filter(kind=kind)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return DocumentPage(tuple(found[:PAGE]), str(found[PAGE - 1].pk) if len(found) > PAGE else "")


def documents_about(wanted: Iterable[tuple[str, int]], *, viewer: Viewer) -> list[IssuedDocument]:
    """Documents of these kinds about subjects with these keys, newest first. At most one query."""
    which = Q(pk__in=())
    for kind, key in wanted:
        which |= Q(kind=kind, subject=KINDS[kind].subject(str(key)))
    rows = IssuedDocument.objects.visible_to(viewer).select_related(*READ).defer("facts")
    return list(rows.filter(which).order_by("-pk")) if which != Q(pk__in=()) else []


def documents_for(application_ids: Iterable[int], *, viewer: Viewer) -> dict[int, list[IssuedDocument]]:
    """Forms issued for payment applications, newest first, by application; empty for people outside the buyer."""
    found: dict[int, list[IssuedDocument]] = {}
    for row in documents_about((("payment_approval", pk) for pk in application_ids), viewer=viewer):
        found.setdefault(int(row.subject.partition(":")[2]), []).append(row)
    return found


def kind_label(kind: str) -> str:
    """A kind's name in the reader's language."""
    return str(IssuedDocument.Kind(kind).label)


def kinds_listed() -> list[tuple[str, str]]:
    """Codes and names of all kinds, in their order."""
    return [(code, kind_label(code)) for code in KINDS]


def document_get(pk: int, *, viewer: Viewer) -> IssuedDocument:
    """A document with its file; for the vendor one addressed to it. Raises NotVisible."""
    require(viewer, "document.received" if viewer.kind == "vendor" else "document.read")
    found: IssuedDocument | None = (
        IssuedDocument.objects.visible_to(viewer).select_related(*READ).defer("facts").filter(pk=pk).first()
    )
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def document_bytes(document: IssuedDocument) -> bytes:
    """The stored bytes, as issued. Raises Refused when they are missing or no longer match their hash."""
    with file_open(document.file) as stored:
        body = stored.read()
    if hashlib.sha256(body).hexdigest() != document.file.sha256:
        raise Refused(_("The stored file does not match its hash. Tell the administrator: it must be restored."))
    return body


def document_download(pk: int, *, viewer: Viewer) -> tuple[str, bytes]:
    """File name and bytes of a document, as issued. Raises NotVisible; Refused when the file is damaged."""
    found = document_get(pk, viewer=viewer)
    return found.file.name, document_bytes(found)


def verification(token: str) -> Verification | None:
    """What the verify page shows for a token; None for an unknown one."""
    rows = IssuedDocument.objects.select_related("contract", "file", "replaced_by", "cancellation")
    found = rows.filter(token=token).first()
    if found is None:
        return None
    replacement = getattr(found, "replaced_by", None)
    zone = ZoneInfo(found.contract.zone)
    return Verification(
        number=found.number,
        kind=kind_label(found.kind),
        issued_on=found.issued_at.astimezone(zone).date(),
        facts_sha256=found.facts_sha256,
        file_sha256=found.file.sha256,
        replaced_by=replacement.number if replacement else "",
        cancelled_on=found.cancellation.cancelled_at.astimezone(zone).date() if found.cancelled else None,
    )
