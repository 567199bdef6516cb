"""manage.py rehearse: who will get what on which day, and the holes."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter, defaultdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.scoping import SYSTEM
from contracts.models import Contract
from obligations.channels.sentences import render_message
from obligations.services.reminders import rehearse
from obligations.services.reminders.rehearsing import DAYS, RehearsedReminder

SHOWN = 6


class Command(BaseCommand):
    help = "Show who will be reminded of what on which day if nobody acts, and where a reminder would reach nobody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help="how far ahead (default: %(default)s)")
        parser.add_argument("--contract", default="", help="number of one contract (default: all)")
        parser.add_argument("--all", action="store_true", help="name every duty, not the first of each person and day")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= 3660:
            raise CommandError("--days must be between 1 and 3660.")
        contract = None
        if options["contract"]:
            contract = Contract.objects.filter(number=options["contract"]).first()
            if contract is None:
                raise CommandError(f"No contract has the number {options['contract']!r}; see the list of contracts.")
        found = rehearse(viewer=SYSTEM, now=timezone.now(), contract=contract, days=options["days"])
        shown = None if options["all"] else SHOWN
        self.stdout.write(f"Reminders from {found.first} to {found.last} if nobody acts: {len(found.reminders)}")
        for day, reminders in found.by_day().items():
            self.stdout.write(f"\n{day} ({day:%a})")
            for name, rows in sorted(_by_person(reminders).items()):
                titles = _titles(rows)
                more = f"; and {len(titles) - shown} more" if shown and len(titles) > shown else ""
                self.stdout.write(f"  {name}: {'; '.join(titles[:shown])}{more}")
        self.stdout.write(f"\nHoles: {len(found.holes)}")
        for hole in found.holes:
            self.stdout.write(f"  {render_message(hole.message, hole.params)} ({hole.duties} duties)")


def _titles(rows: list[RehearsedReminder]) -> list[str]:
    """What one person gets on one day; the rows of a digest are one message."""
    digests = Counter(row.contract_id for row in rows if row.step.startswith("digest-"))
    single = [row for row in rows if not row.step.startswith("digest-")]
    return [f"digest of {number} duties" for number in digests.values()] + [
        f"{row.ref or row.obligation_id} {row.title} [{row.step.split('-20')[0]}]" for row in single
    ]


def _by_person(reminders: list[RehearsedReminder]) -> dict[str, list[RehearsedReminder]]:
    people: dict[str, list[RehearsedReminder]] = defaultdict(list)
    for reminder in reminders:
        if not reminder.recipients:
            people["! nobody"].append(reminder)
        for person in reminder.recipients:
            people[person.name if person.by_mail else f"{person.name} (in the application only)"].append(reminder)
    return people
