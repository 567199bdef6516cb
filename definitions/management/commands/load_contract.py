"""`manage.py load_contract PATH`: load a definition; the first version of a contract is in force at once."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.scoping import SYSTEM
from contracts.errors import Refused
from definitions.asking import problem_json
from definitions.services import LoadRefused, contract_load


class Command(BaseCommand):
    help = "Load a contract's definition. Loading the same content again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", help="folder, .toml file or .zip archive of the definition")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = contract_load(options["path"], actor=SYSTEM)
        except LoadRefused as error:
            for problem in error.problems:
                row = problem_json(problem)
                clause = f" [{row['clause']}]" if row["clause"] else ""
                self.stderr.write(f"{row['level']}  {row['where']}{clause}: {row['text']} {row['remedy']}")
            self.stderr.write(error.message)
            sys.exit(1)
        except Refused as error:
            raise CommandError(error.message) from error
        values = {"number": result.contract.number, "version": result.version.number, "warnings": len(result.health)}
        if not result.created:
            self.stdout.write(_("%(number)s: version %(version)s holds this already; nothing changed.") % values)
        elif result.activated:
            self.stdout.write(_("%(number)s: version %(version)s loaded and in force, %(warnings)s warnings.") % values)
        else:
            self.stdout.write(
                _("%(number)s: version %(version)s loaded as a draft; the manager puts it in force.") % values
            )
