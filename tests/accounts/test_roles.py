"""Roles: who may grant what, and what the database refuses whoever asks (security.md C4, C5)."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import JournalEntry, Membership, Party, Role, User
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from accounts.scoping import SYSTEM, contract_scope, viewer_for
from accounts.services import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform() -> Party:
    return Party.objects.create(name="平台", kind="platform")


@pytest.fixture
def buyer() -> Party:
    return Party.objects.create(name="甲方", kind="buyer")


def person(name: str, party: Party, *roles: str) -> User:
    user = people.person_create(
        actor=SYSTEM, username=name, display_name=name, party=party, password="long-enough-pw-1"
    )
    for role in roles:
        Membership.objects.create(user=user, role_id=role)
    return user


def acting(user: User):  # type: ignore[no-untyped-def]
    from django.utils import timezone

    return viewer_for(user, authenticated_at=timezone.now())


def test_the_security_administrator_grants_a_role_and_it_counts_at_once(platform: Party, buyer: Party) -> None:
    sec, colleague = person("sec", platform, "SEC"), person("lin", buyer)
    assert viewer_for(colleague).roles == frozenset()
    people.role_grant(actor=acting(sec), user=colleague, role=Role.objects.get(pk="IT"))
    assert viewer_for(colleague).roles == {"IT"}
    assert JournalEntry.objects.filter(action="role.grant", object_id=str(colleague.pk)).count() == 1


def test_nobody_changes_their_own_roles(platform: Party) -> None:
    sec = person("sec", platform, "SEC")
    with pytest.raises(people.AccountRefused):
        people.role_grant(actor=acting(sec), user=sec, role=Role.objects.get(pk="SYS"))
    assert viewer_for(sec).roles == {"SEC"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=sec, role_id="SEC", granted_by=sec)


@pytest.mark.parametrize(("first", "second"), [("AUD", "SEC"), ("SEC", "SYS"), ("AUD", "SYS")])
def test_the_three_administrator_hats_exclude_one_another_in_the_database(
    first: str, second: str, platform: Party
) -> None:
    user = person("hat", platform, first)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=user, role_id=second)
    assert user.memberships.count() == 1


def test_a_role_of_another_kind_of_party_is_refused(platform: Party, buyer: Party) -> None:
    sec, colleague = person("sec", platform, "SEC"), person("lin", buyer)
    with pytest.raises(people.AccountRefused):
        people.role_grant(actor=acting(sec), user=colleague, role=Role.objects.get(pk="VND"))
    assert colleague.memberships.count() == 0


def test_granting_needs_the_role_and_a_fresh_password(platform: Party, buyer: Party) -> None:
    manager, sec, colleague = person("mgr", buyer, "MGR"), person("sec", platform, "SEC"), person("lin", buyer)
    role = Role.objects.get(pk="IT")
    with pytest.raises(NotAllowed):
        people.role_grant(actor=acting(manager), user=colleague, role=role)
    with pytest.raises(ReauthenticationRequired):
        people.role_grant(actor=viewer_for(sec), user=colleague, role=role)
    assert colleague.memberships.count() == 0


def test_a_person_has_one_party_for_life(platform: Party, buyer: Party) -> None:
    user = person("lin", buyer, "IT")
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(party=platform)
    user.refresh_from_db()
    assert user.party == buyer


def test_the_system_administrator_may_know_of_no_contract(platform: Party) -> None:
    from contracts.models import Contract

    viewer = viewer_for(person("sys", platform, "SYS"))
    with pytest.raises(NotVisible):
        people.person_update(actor=viewer_for(person("it", platform)), user=person("other", platform))
    assert not Contract.objects.filter(contract_scope(viewer)).exists()


def test_a_disabled_person_sees_nothing(buyer: Party) -> None:
    user = person("lin", buyer, "IT")
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.refresh_from_db()
    assert viewer_for(user).user_id is None
