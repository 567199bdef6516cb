"""Taking in files and evidence. The bytes are written before the row commits and removed when it does not: a row
without its file cannot exist, and a file without its row does not outlive the transaction."""

from __future__ import annotations

import hashlib
import uuid
import weakref
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal, policy
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, Evidence, StoredFile
from contracts.uploads import clean_name, inspect


class Upload(Protocol):
    """What a door hands over: Django's UploadedFile, or anything with a name and chunks."""

    @property
    def name(self) -> str | None: ...

    def chunks(self, chunk_size: int | None = None) -> Iterable[bytes]: ...


class _Token:
    """Lives exactly as long as the transaction's list of things to do after commit."""


def _remove_unless_committed(path: Path) -> None:
    """Delete `path` if the running transaction rolls back. Django forgets a rolled back transaction's on_commit
    callbacks; with the callback goes the token, and with the token the file."""
    token = _Token()
    removal = weakref.finalize(token, path.unlink, missing_ok=True)

    def keep(_token: _Token = token) -> None:
        removal.detach()

    transaction.on_commit(keep)


def _receive(upload: Upload, path: Path) -> tuple[int, str]:
    """Stream the upload to `path`; (bytes, SHA-256). The declared length is not believed."""
    size, digest = 0, hashlib.sha256()
    with path.open("xb") as target:
        for chunk in upload.chunks():
            size += len(chunk)
            if size > settings.UPLOAD_MAX_BYTES:
                raise Refused(
                    _("The file is larger than %(limit)s MB. Split it or reduce the scan resolution.")
                    % {"limit": settings.UPLOAD_MAX_BYTES // (1024 * 1024)},
                    "upload",
                )
            digest.update(chunk)
            target.write(chunk)
    if not size:
        raise Refused(_("The file is empty (0 bytes). Choose the file again."), "upload")
    path.chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o640)
    return size, digest.hexdigest()


def file_store(*, actor: Viewer, contract: Contract, upload: Upload, buyer_only: bool = False) -> StoredFile:
    """Keep an upload under a generated name outside the web root, if its type is allowed (contracts.uploads).

    `buyer_only` hides it from the vendor and the supervisor; only the buyer's people may set it. Raises Refused for
    a wrong type, an empty or too large file; PolicyError for a stranger.
    """
    policy.require(actor, "file.add", contract)
    if buyer_only and actor.kind != "buyer" and not actor.is_system:
        raise Refused(_("Only the buyer's people can keep a file to themselves."), "buyer_only")
    name = clean_name(upload.name or "")
    relative = f"contracts/{contract.pk}/{uuid.uuid4().hex}"
    path = Path(settings.MEDIA_ROOT) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    with transaction.atomic():
        try:
            size, sha256 = _receive(upload, path)
            media_type = inspect(path, name)
            stored = StoredFile.objects.create(
                contract=contract,
                path=relative,
                name=name,
                media_type=media_type,
                size=size,
                sha256=sha256,
                uploaded_by_id=actor.user_id,
                buyer_only=buyer_only,
            )
            journal.record(
                actor,
                "file.add",
                stored,
                chain=journal.contract_chain(contract.pk),
                after={"name": name, "size": size, "sha256": sha256, "media_type": media_type},
            )
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        _remove_unless_committed(path)
    return stored


def evidence_add(
    *,
    actor: Viewer,
    contract: Contract,
    title: str,
    upload: Upload | None = None,
    reference: str = "",
    buyer_only: bool = False,
) -> Evidence:
    """Record a proof: an uploaded file, or a reference (file number, letter) to one kept elsewhere, or both.

    Raises Refused without a title, or with neither file nor reference.
    """
    policy.require(actor, "evidence.add", contract)
    title, reference = " ".join(title.split()), " ".join(reference.split())
    if not title:
        raise Refused(_("Give the evidence a title."), "title")
    if upload is None and not reference:
        raise Refused(_("Attach a file, or name the document's number and where it is kept."), "upload")
    with transaction.atomic():
        stored = (
            file_store(actor=actor, contract=contract, upload=upload, buyer_only=buyer_only)
            if upload is not None
            else None
        )
        evidence = Evidence.objects.create(
            contract=contract,
            file=stored,
            title=title[:200],
            reference=reference[:200],
            buyer_only=buyer_only,
            added_by_id=actor.user_id,
        )
        journal.record(
            actor,
            "evidence.add",
            evidence,
            chain=journal.contract_chain(contract.pk),
            after={"title": title, "reference": reference, "file": stored, "sha256": stored.sha256 if stored else ""},
        )
    return evidence


def file_open(file: StoredFile) -> BinaryIO:
    """The stored bytes, opened for reading; the caller closes them. Raises Refused if the store lost the file."""
    try:
        return (Path(settings.MEDIA_ROOT) / file.path).open("rb")
    except FileNotFoundError as error:
        raise Refused(_("The stored file is missing. Tell the administrator: it must be restored.")) from error


def files_sweep(*, now: datetime, older_than: timedelta = timedelta(days=1)) -> int:
    """Remove files that no row names, left behind when a process was killed mid-upload; how many were removed.

    Young files are left alone: their transaction may still be running.
    """
    root = Path(settings.MEDIA_ROOT)
    known = set(StoredFile.objects.values_list("path", flat=True))
    limit = (now - older_than).timestamp()
    removed = 0
    for path in root.glob("contracts/*/*"):
        if path.is_file() and str(path.relative_to(root)) not in known and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
