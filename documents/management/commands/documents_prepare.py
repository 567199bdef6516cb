"""Build the font subsets of printed documents, so that nobody waits ten seconds for the first one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from documents import fonts


class Command(BaseCommand):
    help = "Build the font subsets that documents are printed with; does nothing when they exist."

    def handle(self, *args: Any, **options: Any) -> None:
        for face in fonts.FACES:
            self.stdout.write(str(fonts.common_path(face)))
