"""The payment approval form: what it shows, that it is frozen, and that its bytes depend on its facts alone."""

import copy
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction

from billing import services
from billing.models import NumberSequence
from contracts.errors import Refused
from documents import printed
from documents.models import IssuedDocument
from documents.render import canonical, facts_hash
from documents.selectors import document_bytes, documents_for, verification
from documents.services import payment_approval_issue
from tests.billing.steps import applied, approved, everything, paid
from tests.billing.world import milestone
from tests.documents.samples import FACTS, changed, text_of

# --- what it shows -------------------------------------------------------------------------------------------------


def test_the_form_shows_what_finance_needs_on_one_page():
    text = text_of(printed.render_pdf(FACTS))
    for words in (
        "付款单位", "收款公司", "演示银行", "62220000111122223333", "PAY-2025-01", "7.2(1)", "¥1,211,320.88",
        "¥11,320.88", "附件 3", "¥1,200,000.00", "壹佰贰拾万元整", "¥0.00", "2025-11-04", "生效后第 90 个工作日。",
            "25112000000012345678",
        "签字", "第 1 页，共 1 页", "PAY-2025-01-FK-2025-0001", "已批准", facts_hash(FACTS), FACTS["verify_url"],
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("rare", ["䶮", "堃", "㛃"])
def test_rare_names_are_printed_as_they_are(rare):
    body = printed.render_pdf(changed(("application", "applied_by"), f"财务{rare}"))
    assert f"财务{rare}" in text_of(body)


def test_what_no_face_has_is_marked_as_missing_and_no_system_font_creeps_in():
    body = printed.render_pdf(changed(("application", "applied_by"), "甲😀乙"))
    assert "甲〓乙" in text_of(body)
    fonts = subprocess.run(["pdffonts", "-"], input=body, capture_output=True, check=True).stdout.decode()
    rows = fonts.splitlines()[2:]
    assert rows
    for row in rows:
        assert "+Document-S" in row, row
        assert row.split()[-5:-2] == ["yes", "yes", "yes"], "embedded, a subset, with Unicode"


# --- the same facts, the same bytes --------------------------------------------------------------------------------


def test_equal_facts_give_equal_bytes_and_other_facts_others():
    body = printed.render_pdf(FACTS)
    assert printed.render_pdf(copy.deepcopy(FACTS)) == body
    printed.render_pdf(changed(("application", "applied_by"), "财务䶮"))  # loads the full font meanwhile
    assert printed.render_pdf(FACTS) == body
    assert printed.render_pdf(changed(("paid_before",), "0.01")) != body


def test_another_process_gives_the_same_bytes(tmp_path):
    script = (
        "import django, json, sys; django.setup()\n"
        "from documents import printed\n"
        "sys.stdout.buffer.write(printed.render_pdf(json.load(sys.stdin)))"
    )
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(settings.DATA_DIR),
        "PYTHONHASHSEED": "7",
        "TZ": "America/New_York",
        "SITE_URL": "http://elsewhere.invalid",
    }
    other = subprocess.run(
        [sys.executable, "-c", script],
        input=canonical(FACTS),
        capture_output=True,
        check=True,
        env=env,
        cwd=settings.BASE_DIR,
    )
    assert other.stdout == printed.render_pdf(FACTS)


# --- issuing -------------------------------------------------------------------------------------------------------


def test_a_form_is_issued_once_and_reprinted_byte_for_byte(world):
    application = approved(world)
    issued = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    assert issued.number == "PAY-2025-01-FK-2025-0001"
    body = document_bytes(issued)
    assert hashlib.sha256(body).hexdigest() == issued.file.sha256
    assert facts_hash(issued.facts) == issued.facts_sha256
    assert printed.render_pdf(issued.facts) == body
    text = text_of(body)
    for words in ("收款公司", "62220000111122223333", "¥250,000.25", "贰拾伍万元贰角伍分", "2025-11-04", issued.number):
        assert words in text, words
    before = everything()
    again = payment_approval_issue(actor=world.viewer("MGR"), application=application)
    assert again.pk == issued.pk
    assert everything() == before


def test_when_something_changed_a_new_form_replaces_the_old(world):
    application = applied(world)
    first = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    second = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    assert (second.number, second.replaces) == ("PAY-2025-01-FK-2025-0002", first)
    assert verification(first.token).replaced_by == second.number
    assert verification(second.token).valid
    found = documents_for([application.pk], viewer=world.viewer("AUD"))
    assert [row.pk for row in found[application.pk]] == [second.pk, first.pk]
    assert documents_for([application.pk], viewer=world.viewer("VND")) == {}


def test_a_later_payment_does_not_change_an_issued_form(world):
    payment = paid(world, "1")
    issued = payment_approval_issue(actor=world.viewer("FIN"), application=payment.application)
    paid(world, "2")
    again = payment_approval_issue(actor=world.viewer("FIN"), application=payment.application)
    assert again.pk == issued.pk
    second = payment_approval_issue(actor=world.viewer("FIN"), application=milestone(world, "2").applications.get())
    assert (second.facts["content"]["paid_before"], second.facts["content"]["paid_after"]) == ("250000.25", "500000.50")


def test_a_rejected_application_gets_no_form_and_no_number(world):
    application = applied(world)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=False, note="不符")
    before = everything()
    with pytest.raises(Refused):
        payment_approval_issue(actor=world.viewer("FIN"), application=application)
    assert everything() == before


def test_a_failed_issue_leaves_no_gap_in_the_numbers(world, monkeypatch):
    application = approved(world)
    from documents.services import issue

    def broken(*_args, **_kwargs):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(issue, "file_store", broken)
        before = everything()
        with pytest.raises(OSError):
            payment_approval_issue(actor=world.viewer("FIN"), application=application)
        assert everything() == before
    issued = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    assert issued.number.endswith("-0001")


def test_a_number_taken_while_we_rendered_is_noticed(world, monkeypatch):
    application = approved(world)
    render = printed.render_pdf
    rendered = []

    def slow(facts):
        rendered.append(facts["number"])
        if len(rendered) == 1:
            NumberSequence.objects.update_or_create(
                contract=world.contract, series="payment_approval", year=2025, defaults={"last": 1}
            )
        return render(facts)

    monkeypatch.setattr(printed, "render_pdf", slow)
    issued = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    assert [number[-4:] for number in rendered] == ["0001", "0002"]
    assert issued.number.endswith("-0002")
    assert issued.number in text_of(document_bytes(issued))


def test_an_issued_document_cannot_be_changed_or_removed(world):
    payment_approval_issue(actor=world.viewer("FIN"), application=approved(world))
    for change in (lambda: IssuedDocument.objects.update(number="X"), lambda: IssuedDocument.objects.all().delete()):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            change()


def test_the_check_of_all_documents_finds_a_changed_and_a_lost_file(world, capsys):
    issued = payment_approval_issue(actor=world.viewer("FIN"), application=approved(world))
    call_command("documents_verify", "--render")
    assert "1 documents" in capsys.readouterr().out
    path = Path(settings.MEDIA_ROOT) / issued.file.path
    body = path.read_bytes()
    path.chmod(0o640)
    path.write_bytes(body[:-1] + b"!")
    with pytest.raises(CommandError):
        call_command("documents_verify")
    with pytest.raises(Refused):
        document_bytes(issued)
    path.unlink()
    with pytest.raises(CommandError):
        call_command("documents_verify")
    with pytest.raises(Refused):
        document_bytes(issued)
