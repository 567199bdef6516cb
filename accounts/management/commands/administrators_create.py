"""The first two people of an installation without demonstration data: they can create everybody else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Membership, Party, Role
from accounts.scoping import SYSTEM
from accounts.services import people


class Command(BaseCommand):
    help = "Create the operator's party with one security and one system administrator; prints their passwords once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--party", required=True, help="name of the body that operates this installation")
        parser.add_argument("--security", default="security", help="user name of the security administrator")
        parser.add_argument("--system", default="system", help="user name of the system administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        # Only as long as nobody can grant roles: afterwards it would be a way around the two-person rule.
        if Membership.objects.filter(role_id="SEC", revoked_at=None).exists():
            raise CommandError("There is a security administrator already: log in as that person to create others.")
        lines = []
        try:
            with transaction.atomic():
                party = people.party_create(actor=SYSTEM, name=options["party"], kind=Party.Kind.PLATFORM)
                for username, role in ((options["security"], "SEC"), (options["system"], "SYS")):
                    password = people.initial_password()
                    person = people.person_create(
                        actor=SYSTEM, username=username, display_name=username, party=party, password=password
                    )
                    people.role_grant(actor=SYSTEM, user=person, role=Role.objects.get(pk=role))
                    lines.append(f"{role}  {username}  {password}")
        except people.AccountRefused as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write("Hand these over and have them changed at the first log-in:")
        for line in lines:
            self.stdout.write(line)
