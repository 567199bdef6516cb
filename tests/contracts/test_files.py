"""Uploads: every allowed kind is kept under a generated name; everything hostile leaves neither row nor file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.policy import NotAllowed, NotVisible
from contracts.downloads import attachment_response
from contracts.errors import Refused
from contracts.models import Contract, Evidence, StoredFile
from contracts.services.files import evidence_add, file_open, file_store, files_sweep
from contracts.uploads import clean_name
from tests.contracts.conftest import Person
from tests.contracts.samples import GOOD, HOSTILE, PDF


def on_disk(contract: Contract) -> set[Path]:
    return {path for path in (Path(settings.MEDIA_ROOT) / "contracts" / str(contract.pk)).glob("*") if path.is_file()}


@pytest.mark.parametrize("name", GOOD)
def test_an_allowed_file_is_kept_whole(name: str, contract: Contract, person: Person) -> None:
    stored = file_store(actor=person("IT"), contract=contract, upload=SimpleUploadedFile(name, GOOD[name]))
    assert stored.name == name
    assert name.rsplit(".")[0] not in stored.path
    assert stored.size == len(GOOD[name])
    with file_open(stored) as kept:
        assert kept.read() == GOOD[name]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_leaves_no_row_and_no_file(name: str, contract: Contract, person: Person) -> None:
    file_name, content = HOSTILE[name]
    before = on_disk(contract)
    with pytest.raises(Refused) as refusal:
        file_store(actor=person("IT"), contract=contract, upload=SimpleUploadedFile(file_name, content))
    assert refusal.value.field == "upload"
    assert refusal.value.message
    assert StoredFile.objects.count() == 0
    assert on_disk(contract) == before


def test_the_size_counts_that_arrives_not_the_one_promised(
    contract: Contract, person: Person, settings: pytest.FixtureRequest
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000  # type: ignore[attr-defined]
    lying = SimpleUploadedFile("a.txt", b"x" * 1001)
    lying.size = 3
    before = on_disk(contract)
    with pytest.raises(Refused):
        file_store(actor=person("IT"), contract=contract, upload=lying)
    assert on_disk(contract) == before
    file_store(actor=person("IT"), contract=contract, upload=SimpleUploadedFile("a.txt", b"x" * 1000))


@pytest.mark.django_db(transaction=True)
def test_a_rollback_takes_the_file_along_and_a_commit_keeps_it(contract: Contract, person: Person) -> None:
    actor = person("IT")
    before = on_disk(contract)
    with pytest.raises(RuntimeError), transaction.atomic():
        file_store(actor=actor, contract=contract, upload=SimpleUploadedFile("a.pdf", PDF))
        assert len(on_disk(contract)) == len(before) + 1
        raise RuntimeError("a later step fails")
    assert on_disk(contract) == before
    assert StoredFile.objects.count() == 0
    with transaction.atomic():
        stored = file_store(actor=actor, contract=contract, upload=SimpleUploadedFile("a.pdf", PDF))
    assert on_disk(contract) - before == {Path(settings.MEDIA_ROOT) / stored.path}


def test_files_without_a_row_are_swept_once_they_are_old(contract: Contract, person: Person, own_media: Path) -> None:
    kept = file_store(actor=person("IT"), contract=contract, upload=SimpleUploadedFile("a.pdf", PDF))
    orphan = own_media / "contracts" / str(contract.pk) / "orphan"
    orphan.write_bytes(b"left behind")
    now = datetime.now(tz=UTC)
    assert files_sweep(now=now) == 0
    assert files_sweep(now=now + timedelta(days=2)) == 1
    assert not orphan.exists()
    assert (own_media / kept.path).exists()


def test_who_may_add_what(contract: Contract, person: Person) -> None:
    from accounts.models import Party

    stranger = person("VND", Party.objects.create(name="别家", kind="vendor"))
    auditor = person("AUD")
    for actor, error in ((stranger, NotVisible), (auditor, NotAllowed)):
        with pytest.raises(error):
            file_store(actor=actor, contract=contract, upload=SimpleUploadedFile("a.pdf", PDF))
    with pytest.raises(Refused):
        file_store(actor=person("VND"), contract=contract, upload=SimpleUploadedFile("a.pdf", PDF), buyer_only=True)
    assert StoredFile.objects.count() == 0


def test_what_the_buyer_keeps_to_itself_the_vendor_does_not_see(contract: Contract, person: Person) -> None:
    own = evidence_add(
        actor=person("IT"),
        contract=contract,
        title="内部意见",
        upload=SimpleUploadedFile("a.pdf", PDF),
        buyer_only=True,
    )
    vendor = person("VND")
    assert not Evidence.objects.visible_to(vendor).filter(pk=own.pk).exists()
    assert not StoredFile.objects.visible_to(vendor).filter(pk=own.file_id).exists()


def test_evidence_needs_a_title_and_something_to_show(contract: Contract, person: Person) -> None:
    for fields in ({"title": " ", "reference": "3"}, {"title": "验收报告"}):
        with pytest.raises(Refused):
            evidence_add(actor=person("IT"), contract=contract, **fields)
    assert Evidence.objects.count() == 0
    assert evidence_add(actor=person("IT"), contract=contract, title="来函", reference="京工函 3 号").file is None


NAMES = {
    "../../etc/passwd.pdf": "passwd.pdf",
    "C:\\Users\\x\\report.pdf": "report.pdf",
    "a\r\nSet-Cookie: x=1.pdf": "a Set-Cookie: x=1.pdf",
    "nul\0byte.pdf": "nul byte.pdf",
    "exe\u202efdp.pdf": "exe fdp.pdf",
    "验收报告（终稿）.pdf": "验收报告（终稿）.pdf",
    "   . .pdf": "pdf",
    "": "file",
    "a" * 300 + ".pdf": "a" * 196 + ".pdf",
    "报" * 200 + ".pdf": "报" * 65 + ".pdf",
}


@pytest.mark.parametrize("raw", NAMES)
def test_a_shown_name_is_clean_and_survives_the_header(raw: str) -> None:
    name = clean_name(raw)
    assert name == NAMES[raw]
    assert len(name.encode()) <= 200


def test_a_download_is_an_attachment_nothing_can_run_from(contract: Contract, person: Person) -> None:
    upload = SimpleUploadedFile("x", PDF)
    upload.name = '报告 "终稿"; a.pdf'
    stored = file_store(actor=person("IT"), contract=contract, upload=upload)
    response = attachment_response(stored)
    header = Message()
    header["Content-Disposition"] = response["Content-Disposition"]
    assert header.get_content_disposition() == "attachment"
    assert header.get_filename() == stored.name
    assert "\n" not in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert b"".join(response.streaming_content) == PDF
    response.close()
