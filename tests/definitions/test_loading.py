"""Loading a contract: idempotent, versions as drafts, put in force by somebody else, everything in one transaction."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from accounts.models import JournalEntry, Membership, Party, User
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from accounts.scoping import SYSTEM, Viewer, viewer_for
from billing.models import Milestone
from contracts import selectors
from contracts.errors import Refused
from contracts.models import Clause, Contract, DefinitionVersion, InformationSystem, LineItem
from contracts.services.facts import fact_record
from definitions import services
from definitions.services import LoadRefused, contract_load, version_activate
from obligations.models import Obligation
from tests.definitions.small import SMALL, changed
from tests.definitions.test_damage import table_counts

pytestmark = pytest.mark.django_db
REPOSITORY = Path(__file__).parents[2]
CLOUD = REPOSITORY / "definitions" / "data" / "SXYSR202506176"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        (tmp_path / "small.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return to_file


def person(name: str, role: str, party: Party) -> Viewer:
    user = User.objects.create_user(username=name, password="x", display_name=name, party=party)
    Membership.objects.create(user=user, role_id=role)
    return viewer_for(user, authenticated_at=datetime.now(tz=UTC))


@pytest.fixture
def small(write: Write) -> Contract:
    return contract_load(write(SMALL), actor=SYSTEM).contract


LONGER = changed("+ 30 days", "+ 60 days")


def test_the_real_contract_loads_whole() -> None:
    result = contract_load(CLOUD, actor=SYSTEM)
    contract = result.contract
    assert (result.created, result.activated) == (True, True)
    assert contract.total == Decimal("4845283.52")
    assert (contract.signed_on, contract.ends_on) == (date(2025, 6, 25), date(2026, 6, 30))
    assert LineItem.objects.filter(contract=contract).count() == 30
    assert LineItem.objects.filter(contract=contract, amount=None).count() == 3
    assert InformationSystem.objects.filter(contract=contract).count() == 10
    assert Milestone.objects.filter(contract=contract).count() == 3
    assert Obligation.objects.filter(contract=contract).values("duty").distinct().count() >= 200
    assert Obligation.objects.get(contract=contract, duty="payment_1").due_on == date(2025, 11, 4)
    before = table_counts()
    again = contract_load(CLOUD, actor=SYSTEM)
    assert (again.created, again.version) == (False, result.version)
    assert table_counts() == before


def test_loading_twice_changes_nothing_and_comments_do_not_count(small: Contract, write: Write) -> None:
    before = table_counts()
    assert contract_load(write("# a comment\n" + SMALL), actor=SYSTEM).created is False
    assert table_counts() == before


def test_the_order_of_the_file_survives_the_database(small: Contract) -> None:
    definition = selectors.definition_for(small)
    assert list(definition.duties) == ["payment_1", "payment_2", "report", "secrecy", "renewal"]
    assert list(definition.to_data())[:4] == ["format", "contract", "party", "term"]


def test_a_changed_definition_waits_as_a_draft(small: Contract, write: Write) -> None:
    due = Obligation.objects.get(contract=small, duty="payment_1").due_on
    result = contract_load(write(LONGER), actor=SYSTEM)
    assert (result.created, result.activated, result.version.state) == (True, False, "draft")
    assert result.version.number == 2
    assert selectors.active_version(small) == DefinitionVersion.objects.get(contract=small, number=1)
    assert Obligation.objects.get(contract=small, duty="payment_1").due_on == due
    assert LineItem.objects.filter(version=result.version).count() == 3
    assert Clause.objects.filter(version=result.version).count() == 2


def test_the_manager_puts_a_draft_in_force(small: Contract, write: Write) -> None:
    it, manager = person("it", "IT", small.buyer), person("boss", "MGR", small.buyer)
    fact_record(
        actor=SYSTEM, contract=small, kind="event", name="accepted", happened_on=date(2026, 6, 20), note="report 7"
    )
    draft = contract_load(write(LONGER), actor=it).version
    # a correction of the whole: it also judges the acceptance that lies behind
    version_activate(actor=manager, version=draft, effective_from=date(2025, 6, 25), agreement="更正")
    draft.refresh_from_db()
    old = DefinitionVersion.objects.get(contract=small, number=1)
    assert (draft.state, old.state) == ("active", "superseded")
    assert draft.activated_by_id == manager.user_id
    payment = Obligation.objects.get(contract=small, duty="payment_2")
    assert payment.due_on == date(2026, 8, 31)  # 2026-06-30 + 60 days is Saturday the 29th
    entry = JournalEntry.objects.filter(action="contract.activate").order_by("pk").last()
    assert entry is not None and entry.actor_id == manager.user_id
    assert selectors.line_items(viewer=manager, contract=small).count() == 3


def test_who_may_not_put_a_draft_in_force(small: Contract, write: Write) -> None:
    it, manager = person("it", "IT", small.buyer), person("boss", "MGR", small.buyer)
    draft = contract_load(write(LONGER), actor=it).version
    stale = Viewer(**{name: getattr(manager, name) for name in Viewer.__slots__} | {"authenticated_at": None})
    vendor = person("vendor", "VND", small.vendor)
    before = table_counts()
    for actor, error in ((it, NotAllowed), (stale, ReauthenticationRequired), (vendor, NotVisible)):
        with pytest.raises(error):
            version_activate(actor=actor, version=draft)
    DefinitionVersion.objects.filter(pk=draft.pk).update(loaded_by_id=manager.user_id)
    with pytest.raises(Refused):
        version_activate(actor=manager, version=draft)
    assert table_counts() == before
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_only_the_newest_draft_and_no_version_twice(small: Contract, write: Write) -> None:
    manager = person("boss", "MGR", small.buyer)
    older = contract_load(write(LONGER), actor=SYSTEM).version
    newer = contract_load(write(changed("+ 30 days", "+ 45 days")), actor=SYSTEM).version
    with pytest.raises(Refused):
        version_activate(actor=manager, version=older)
    version_activate(actor=manager, version=newer)
    with pytest.raises(Refused):
        version_activate(actor=manager, version=newer)


def test_a_version_that_forgets_a_recorded_fact_is_not_put_in_force(small: Contract, write: Write) -> None:
    manager = person("boss", "MGR", small.buyer)
    fact_record(actor=SYSTEM, contract=small, kind="event", name="accepted", happened_on=date(2026, 6, 20))
    forgetful = changed(
        '[event.accepted]\ntitle = "验收"\nclause = "7"\nrecorder = "IT"\nconfirmer = "MGR"\n',
        "",
        changed("latest(end(term.service), event.accepted)", "end(term.service)"),
    )
    draft = contract_load(write(forgetful), actor=SYSTEM).version
    with pytest.raises(Refused, match="accepted"):
        version_activate(actor=manager, version=draft)
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_fault_behind_the_load_leaves_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("milestones")

    monkeypatch.setattr(services, "milestones_sync", fails)
    before = table_counts()
    with pytest.raises(RuntimeError):
        contract_load(write(SMALL), actor=SYSTEM)
    assert table_counts() == before


def test_staff_load_their_own_contracts_only(write: Write) -> None:
    own = Party.objects.create(name="小买方", kind="buyer")
    stranger = Party.objects.create(name="另一买方", kind="buyer")
    before = table_counts()
    outsider = person("outsider", "IT", stranger)
    with pytest.raises(Refused):
        contract_load(write(SMALL), actor=outsider)
    finance = person("finance", "FIN", own)
    with pytest.raises(NotAllowed):
        contract_load(write(SMALL), actor=finance)
    assert Contract.objects.count() == 0
    result = contract_load(write(SMALL), actor=person("it", "IT", own))
    assert result.activated
    assert result.version.loaded_by_id is not None
    assert table_counts()["contracts_contract"] == before["contracts_contract"] + 1


def test_uploads_and_archives(write: Write, tmp_path: Path) -> None:
    halves = SMALL.split("[duty.payment_1]")
    uploads = [
        SimpleUploadedFile("contract.toml", halves[0].encode()),
        SimpleUploadedFile("duties.toml", ("[duty.payment_1]" + halves[1]).encode()),
    ]
    first = contract_load(uploads, actor=SYSTEM)
    assert first.created
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("small/small.toml", SMALL)
    again = contract_load([SimpleUploadedFile("small.zip", packed.getvalue())], actor=SYSTEM)
    assert again.created is False
    for name, content in (("small.exe", b"MZ"), ("small.zip", b"PK\x03\x04 not one"), ("a.toml", b"")):
        with pytest.raises(LoadRefused):
            contract_load([SimpleUploadedFile(name, content)], actor=SYSTEM)


def test_the_command_says_what_it_did(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_contract", str(write(SMALL)))
    assert "SMALL-1" in capsys.readouterr().out
    call_command("load_contract", str(write(SMALL)))
    assert DefinitionVersion.objects.count() == 1
    with pytest.raises(SystemExit) as stop:
        call_command("load_contract", str(write(changed("+ 90 workdays", "+ 90 fortnights"))))
    assert stop.value.code == 1
    assert "small.toml" in capsys.readouterr().err


def test_health_is_kept_in_both_languages(write: Write) -> None:
    from django.utils import translation

    from definitions.selectors import version_health

    version = contract_load(write(changed('chain = ["MGR"]', "chain = []")), actor=SYSTEM).version
    with translation.override("en"):
        rows = version_health(viewer=SYSTEM, version=version)
    assert [(row["code"], row["file"], row["table"], row["level"]) for row in rows] == [
        ("empty_chain", "small.toml", "policy.default", "warning")
    ]
    assert rows[0]["text"] == "Nobody stands above the role that is reminded."
