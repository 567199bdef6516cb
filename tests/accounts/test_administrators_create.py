"""An installation without demonstration data gets its first two administrators from the command line, once."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import JournalEntry, Membership, Party, User

pytestmark = pytest.mark.django_db


def test_two_administrators_who_exclude_one_another_can_log_in() -> None:
    out = io.StringIO()
    call_command("administrators_create", party="运维中心", stdout=out)
    printed = {line.split()[0]: line.split()[1:] for line in out.getvalue().splitlines()[1:]}
    for role, username in (("SEC", "security"), ("SYS", "system")):
        person = User.objects.get(username=username)
        assert person.check_password(printed[role][1])
        assert list(person.memberships.values_list("role_id", flat=True)) == [role]
    assert JournalEntry.objects.count() == 5  # one party, two people, two roles


def test_a_second_call_creates_nothing() -> None:
    call_command("administrators_create", party="运维中心", stdout=io.StringIO())
    with pytest.raises(CommandError, match="already"):
        call_command("administrators_create", party="别的中心", security="mallory", system="m2", stdout=io.StringIO())
    assert Membership.objects.count() == 2
    assert Party.objects.count() == 1
