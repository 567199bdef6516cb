"""`manage.py evaluate PATH --as-of DATE [--facts FILE] [--known-on DATE] [--json]`: what if. Reads no database."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext

from definitions.asking import Answer, ask
from definitions.problems import translated
from engine.evaluation import DeadlineResult
from engine.results import lines


class Command(BaseCommand):
    help = "Evaluate a contract's definition over facts in a file. Exit 0: evaluated, 1: definition, 2: facts refused."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", help="folder, .toml file or .zip archive of the definition")
        parser.add_argument("--facts", help="TOML file of facts (docs/rules/facts.md)")
        parser.add_argument("--as-of", required=True, help="the day, in the contract's zone, at whose end it is asked")
        parser.add_argument("--known-on", help="hide what was recorded after this day")
        parser.add_argument("--json", action="store_true", help="print JSON (docs/rules/evaluate.md)")

    def handle(self, *args: Any, **options: Any) -> None:
        answer = ask(options["path"], as_of=options["as_of"], facts=options["facts"], known_on=options["known_on"])
        if options["json"]:
            self.stdout.write(json.dumps(answer.payload, ensure_ascii=False, indent=1))
        elif answer.evaluation is None:
            self._errors(answer)
        else:
            for result in answer.evaluation.deadlines:
                self._deadline(result)
        if answer.exit_code:
            sys.exit(answer.exit_code)

    def _errors(self, answer: Answer) -> None:
        for problem, error in zip(answer.errors, answer.payload["errors"], strict=True):
            text, remedy = translated(problem)
            clause = f" [{error['clause']}]" if error["clause"] else ""
            self.stderr.write(f"{error['where']}{clause}: {text} {remedy}")

    def _deadline(self, result: DeadlineResult) -> None:
        key = f"[{', '.join(result.key.values())}]" if result.key else ""
        shown = result.value if result.value is not None else result.estimate
        moment = shown.isoformat() if shown is not None else "—"
        self.stdout.write(f"{result.id}{key}  {moment}  {result.state}  {result.status}  ({result.clause})")
        for line in lines((*result.derivation, *result.reasons), gettext):
            self.stdout.write(f"    {line}")
        if result.missing:
            self.stdout.write(f"    … {', '.join(result.missing)}")
