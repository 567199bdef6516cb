"""`manage.py check_contract PATH`: the health report of a definition, without loading it. Reads no database."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from definitions.asking import problem_json
from definitions.loading import load_path
from definitions.problems import DefinitionRefused, Problem


class Command(BaseCommand):
    help = "Print the health report of a contract's definition. Exit 1 if it would be refused."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", help="folder, .toml file or .zip archive of the definition")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_path(options["path"])
        except DefinitionRefused as error:
            self._report(error.problems)
            self.stderr.write(_("Refused: correct the errors and check again."))
            sys.exit(1)
        self._report(loaded.health)
        self.stdout.write(
            _("%(number)s can be loaded: %(duties)s obligations, %(warnings)s warnings.")
            % {
                "number": loaded.definition.contract.number,
                "duties": len(loaded.definition.duties),
                "warnings": len(loaded.health),
            }
        )

    def _report(self, problems: tuple[Problem, ...]) -> None:
        for problem in sorted(problems, key=lambda found: found.level):
            row = problem_json(problem)
            clause = f" [{row['clause']}]" if row["clause"] else ""
            self.stdout.write(f"{row['level']}  {row['where']}{clause}: {row['text']} {row['remedy']}")
