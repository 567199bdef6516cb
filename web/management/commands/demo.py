"""Load the shipped contracts with invented people for every role, and tell a story on the fictional one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from web.demo import loading, people, story


class Command(BaseCommand):
    help = (
        "Load the shipped contracts, invented people for every role and a living story on the fictional contract. "
        "Idempotent. Never in production."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--print-logins", action="store_true", help="only print the log-ins")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demonstration people do not belong in production. Use administrators_create instead.")
        if not options["print_logins"]:
            loaded = loading.load_all(today=timezone.localdate(), say=self.stdout.write)
            story.tell(loaded, today=timezone.localdate(), say=self.stdout.write)
        self.stdout.write("")
        self.stdout.write(f"Password of all demonstration people: {people.demo_password(Path(settings.DATA_DIR))}")
        for group, rows in loading.logins():
            self.stdout.write(f"  {group}")
            for username, name, roles in rows:
                self.stdout.write(f"    {username:<12} {roles:<4} {name}")
