"""What people do about incidents, and what they may not: registering, findings, outages, exclusions."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from contracts.errors import Refused
from contracts.facts import raw_records
from contracts.models import Fact
from engine.facts import FactStore
from obligations.models import Obligation
from sla import selectors, services
from sla.models import Exclusion, Finding, Incident, MonthCell, RootCause, Spell
from tests.sla.world import TODAY, at

MINUTE = 60_000_000


def rows():
    return [
        model.objects.count() for model in (Incident, Finding, Spell, Exclusion, MonthCell, RootCause, JournalEntry)
    ]


def refused(act, error=Refused, field=None):
    """The act is refused and nothing was written."""
    before = rows()
    with pytest.raises(error) as caught:
        act()
    assert rows() == before
    if field is not None:
        assert caught.value.field == field


def test_four_fields_register_an_incident_and_start_its_clocks(world):
    incident = world.register(systems=["s1", "s2"], down_since=at("06-18 09:58"))
    assert incident.code == "INC-2026-001"
    assert world.register().code == "INC-2026-002"
    assert {system.code for system in incident.systems.all()} == {"s1", "s2"}
    assert {(spell.system.code, spell.ends_at) for spell in incident.spells.all()} == {("s1", None), ("s2", None)}
    response = Obligation.objects.get(duty="fault_response", key_text=incident.code)
    assert response.due_at == at("06-18 10:30")
    view = selectors.incident_view(incident, viewer=world.it, as_of=TODAY)
    assert all(task.value is None for task in view.tasks)
    assert JournalEntry.objects.filter(action="incident.register", object_id=str(incident.pk)).count() == 1


def test_what_does_not_make_an_incident(world):
    later = timezone.now() + timedelta(minutes=1)
    refused(lambda: world.register(reported_at=later), field="reported_at")
    refused(lambda: world.register(reported_at=later.replace(tzinfo=None)), field="reported_at")
    refused(lambda: world.register(down_since=later), field="down_since")
    refused(lambda: world.register(systems=["s9"]), field="systems")
    refused(lambda: world.register(systems=[]), field="systems")
    refused(lambda: world.register(systems=[services.PLATFORM]), field="systems")
    refused(lambda: world.register(title=" "), field="title")
    for who, error in (("FIN", NotAllowed), ("MGR", NotAllowed), ("VND", NotVisible), ("STRANGER", NotVisible)):
        actor = world.base.viewer(who)
        refused(
            lambda actor=actor: services.incident_register(
                actor=actor, contract=world.contract, title="断网", reported_at=at("06-18 10:00"), systems=["s1"]
            ),
            error,
        )


def test_moments_are_known_at_once_and_meet_the_duties(world):
    incident = world.register()
    services.moments_record(
        actor=world.it, incident=incident, moments={"responded": at("06-18 10:30"), "restored": at("06-18 14:31")}
    )
    incident.refresh_from_db()
    assert (incident.responded_at, incident.restored_at) == (at("06-18 10:30"), at("06-18 14:31"))
    states = {row.duty: (row.state, row.done_at > row.due_at) for row in Obligation.objects.filter(
        key_text=incident.code, duty__in=("fault_response", "fault_restore"))}  # fmt: skip
    assert states == {"fault_response": ("done", False), "fault_restore": ("done", True)}
    view = selectors.incident_view(incident, viewer=world.it, as_of=TODAY)
    assert {row.promise.id: row.clock.verdict for row in view.limits} == {"response": "met", "restoration": "failed"}
    refused(lambda: services.moments_record(
        actor=world.it, incident=incident, moments={"responded": timezone.now() + timedelta(hours=1)}
    ), field="m_responded")  # fmt: skip


def fault(world, incident, value=True, actor=None):
    return services.finding_record(
        actor=actor or world.it, incident=incident, name="provider_fault", value=value, established_by="双方",
        established_on=date(2026, 6, 19), paper="纪要 3 号", note="复核",
    )  # fmt: skip


def known(world, name="provider_fault"):
    return [(record.value, record.supersedes != "") for record in raw_records(world.contract) if record.name == name]


def test_a_finding_waits_for_another_person_and_the_latest_counts(world):
    incident = world.register()
    first = fault(world, incident)
    assert (first.state, first.known_at, known(world)) == ("proposed", None, [])
    refused(lambda: fault(world, incident, value=False))  # one open question at a time
    refused(
        lambda: services.findings_decide(actor=world.it, incident=incident, findings=[first], accept=True), NotAllowed
    )
    stale = world.base.viewer("MGR", fresh=False)
    refused(lambda: services.findings_decide(actor=stale, incident=incident, findings=[first], accept=True),
            ReauthenticationRequired)  # fmt: skip
    refused(
        lambda: services.findings_decide(actor=world.mgr, incident=incident, findings=[first], accept=False),
        field="note",
    )
    services.findings_decide(actor=world.mgr, incident=incident, findings=[first], accept=True)
    assert known(world) == [(True, False)]
    refused(lambda: services.findings_decide(actor=world.mgr2, incident=incident, findings=[first], accept=True))
    second = fault(world, incident, value=None)
    services.findings_decide(actor=world.mgr, incident=incident, findings=[second], accept=True)
    assert known(world) == [(True, False), (None, True)]
    view = selectors.incident_view(incident, viewer=world.it, as_of=TODAY)
    task = next(task for task in view.tasks if task.attribute.name == "provider_fault")
    assert task.value is None
    assert [one.value for one in task.history] == [None, True]


def test_a_finding_needs_who_and_what_paper(world):
    incident = world.register()
    record = {"actor": world.it, "incident": incident, "name": "people_affected", "value": 30}
    refused(lambda: services.finding_record(**record, paper="函 1"), field="established_by")
    refused(lambda: services.finding_record(**record, established_by="甲方"), field="paper")
    refused(lambda: services.finding_record(**{**record, "name": "colour"}), field="name")
    refused(
        lambda: services.finding_record(**{**record, "value": "many"}, established_by="甲方", paper="函"), field="value"
    )
    for who in ("MGR", "FIN"):
        actor = world.base.viewer(who)
        refused(lambda actor=actor: fault(world, incident, actor=actor), NotAllowed)


def test_the_database_itself_refuses_one_person_for_both(world):
    incident = world.register()
    finding = fault(world, incident)
    person = world.base.person["IT"].pk
    for broken in (
        lambda: Finding.objects.filter(pk=finding.pk).update(state="rejected", decided_by=person),
        lambda: Finding.objects.filter(pk=finding.pk).update(state="confirmed"),
        lambda: Finding.objects.filter(pk=finding.pk).update(value=False),
        lambda: Spell.objects.create(
            contract=world.contract, kind="outage", domain="outage", system=world.contract.systems.first(),
            starts_at=at("06-18 10:00"), ends_at=at("06-18 10:00"), recorded_at=timezone.now(),
        ),
        lambda: Spell.objects.create(
            contract=world.contract, kind="outage", domain="outage", starts_at=at("06-18 10:00"),
            recorded_at=timezone.now(),
        ),
    ):  # fmt: skip
        with pytest.raises(Exception) as caught, transaction.atomic():
            broken()
        assert isinstance(caught.value, IntegrityError) or "fixed for life" in str(caught.value)


def test_an_outage_is_corrected_by_a_successor_and_taken_back_by_a_reason(world):
    incident = world.register(down_since=at("06-18 10:00"))
    going = incident.spells.get()
    assert not MonthCell.objects.exists()
    closed = services.spell_correct(
        actor=world.it, spell=going, starts_at=at("06-18 10:00"), ends_at=at("06-18 11:00"), note="监控记录"
    )
    assert MonthCell.objects.get().counted_us == 60 * MINUTE
    refused(lambda: services.spell_correct(
        actor=world.it, spell=going, starts_at=at("06-18 10:00"), ends_at=at("06-18 12:00"), note="再改"))  # fmt: skip
    refused(lambda: services.spell_correct(
        actor=world.it, spell=closed, starts_at=at("06-18 11:00"), ends_at=at("06-18 11:00"), note="再改"))  # fmt: skip
    records = [record for record in raw_records(world.contract) if record.name == "outage"]
    assert [(record.end is None, record.supersedes) for record in records] == [(True, ""), (False, f"spell:{going.pk}")]
    services.spell_withdraw(actor=world.it, spell=closed, reason="误录")
    assert not MonthCell.objects.exists()
    assert raw_records(world.contract)[-1].is_withdrawal
    assert Spell.objects.count() == 2


def test_without_papers_and_a_second_person_nothing_is_excluded(world):
    spell = world.outage("06-18 10:00", "06-18 11:00")
    claim = services.exclusion_claim(
        actor=world.it, contract=world.contract, incident=spell.incident, ground="cutover", system="s1",
        starts_at=at("06-18 10:15"), ends_at=at("06-18 10:45"),
    )  # fmt: skip

    def counted():
        return MonthCell.objects.get().counted_us // MINUTE, [r.name for r in raw_records(world.contract)].count(
            "exclusion"
        )

    refused(lambda: services.exclusion_decide(actor=world.mgr, exclusion=claim, accept=True))
    assert counted() == (60, 0)
    page = selectors.month_page(world.contract, date(2026, 6, 1), viewer=world.it, as_of=TODAY)
    assert [(event.state, event.missing) for event in page.events] == [("counted", ()), ("claimed", ("割接公告",))]
    services.paper_add(actor=world.it, exclusion=claim, name="notice", reference="公告 1 号")
    refused(
        lambda: services.paper_add(actor=world.it, exclusion=claim, name="notice", reference="公告 2 号"), field="name"
    )
    refused(lambda: services.exclusion_decide(actor=world.it, exclusion=claim, accept=True), NotAllowed)
    assert counted() == (60, 0)
    services.exclusion_decide(actor=world.mgr, exclusion=claim, accept=True)
    assert counted() == (30, 1)
    services.exclusion_withdraw(actor=world.mgr2, exclusion=claim, reason="公告未送达")
    assert counted() == (60, 2)  # the counter-record takes it back


def test_incidents_of_one_cause_know_each_other(world):
    one, two = world.register(), world.register(title="再次断网")
    cause = services.cause_link(actor=world.it, incident=one, title="电源模块")
    services.cause_link(actor=world.it, incident=two, cause=cause)
    assert RootCause.objects.count() == 1
    assert known(world, "cause") == [("c1", False), ("c1", False)]
    one.refresh_from_db()
    view = selectors.incident_view(one, viewer=world.it, as_of=TODAY)
    assert [row.code for row in view.siblings] == [two.code]


def test_a_withdrawn_incident_counts_for_nothing_and_stays_readable(world):
    spell = world.outage("06-18 10:00", "06-18 11:00")
    incident = spell.incident
    refused(lambda: services.incident_withdraw(actor=world.mgr, incident=incident, reason=""), field="reason")
    refused(lambda: services.incident_withdraw(actor=world.it, incident=incident, reason="误录"), NotAllowed)
    services.incident_withdraw(actor=world.mgr, incident=incident, reason="误录")
    assert not MonthCell.objects.exists()
    seen = FactStore(raw_records(world.contract)).view(date(2026, 6, 30), None, "Asia/Shanghai")
    assert not seen.items.get(incident.kind)
    assert not seen.intervals
    refused(lambda: fault(world, incident))
    assert selectors.incident_get(incident.pk, viewer=world.it).withdrawal == "误录"


def test_a_figure_is_kept_with_its_method(world):
    refused(lambda: services.figure_record(
        actor=world.it, contract=world.contract, series="staff_on_site", period="2026-05", value="11", method=" "),
        field="method")  # fmt: skip
    fact = services.figure_record(
        actor=world.it, contract=world.contract, series="staff_on_site", period="2026-05", value="11", method="考勤表"
    )
    assert (fact.kind, fact.value, fact.note) == (Fact.Kind.SERIES, "11", "考勤表")


def test_a_withdrawn_incident_is_still_there_for_who_asks_what_was_known_before(world, clock):
    incident = world.register(down_since=at("06-18 09:00"))
    before = world.measures()["availability", "2026-06", "s1"].value
    clock.shift(timedelta(days=2))
    services.incident_withdraw(actor=world.base.viewer("MGR"), incident=incident, reason="重复登记")
    after = date(2026, 6, 22)
    assert world.measures(as_of=after)["availability", "2026-06", "s1"].value == "1"
    then = world.measures(as_of=TODAY, known_on=TODAY)["availability", "2026-06", "s1"].value
    assert then == before
    assert before != "1"

    def listed(**given):
        return [row.pk for row in selectors.incidents_list(viewer=world.it, contract=world.contract, **given).rows]

    assert listed() == []
    assert listed(known_on=TODAY) == [incident.pk]
    assert listed(known_on=date(2026, 6, 19)) == [], "it had not been registered"
    assert listed(state="withdrawn") == [incident.pk]
    assert listed(state="withdrawn", known_on=TODAY) == []
