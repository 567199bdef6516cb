"""`manage.py evaluate PATH --as-of DATE [--facts FILE] [--known-on DATE] [--json]`: what if. Reads no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext

from definitions.asking import Answer, ask
from definitions.problems import translated
from engine.derivation import Step
from engine.results import AmountRange, DeadlineResult, Evaluation, lines


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
            self._outcomes(answer.evaluation)
        if answer.exit_code:
            sys.exit(answer.exit_code)

    def _errors(self, answer: Answer) -> None:
        for problem, error in zip(answer.errors, answer.payload["errors"], strict=True):
            text, remedy = translated(problem)
            clause = f" [{error['clause']}]" if error["clause"] else ""
            self.stderr.write(f"{error['where']}{clause}: {text} {remedy}")

    def _outcomes(self, found: Evaluation) -> None:
        for measure in found.measures:
            shown = measure.value or f"{measure.low or '?'} … {measure.high or '?'}"
            self._line(measure.id, measure.key, shown, measure.state, "", measure.clause, measure.missing)
        for assessment in found.assessments:
            amount = self._amount(assessment.amount) if assessment.amount is not None else assessment.yields
            stage, missing = assessment.stage, assessment.missing
            self._line(assessment.id, assessment.key, amount, assessment.state, stage, assessment.clause, missing)
            self._steps(assessment.derivation)
            for other in assessment.barred_by:
                self.stdout.write(f"    < {other}")
        for pool in found.pools:
            self._line(pool.id, pool.key, self._amount(pool.result), pool.state, "", pool.clause, pool.missing)
            self._steps(pool.derivation)
            for part in pool.settled:
                self.stdout.write(f"    > {part.sink}: {part.amount:f}")
        for instalment in found.instalments:
            amount, net = self._amount(instalment.amount), instalment.net
            shown = f"{amount} → {net:f}" if net is not None and instalment.deducted else amount
            self._line(instalment.id, {}, shown, instalment.state, "", instalment.clause, instalment.missing)
            self._steps(instalment.derivation)
        for security in found.securities:
            shown = self._amount(security.amount)
            self._line(security.id, {}, shown, security.state, "", security.clause, security.missing)
            self._steps(security.derivation)
        for right in found.rights:
            if right.exercisable is not False:
                holders = ", ".join(right.holder)
                self._line(right.id, right.key, holders, right.state, "", right.clause, right.missing)

    def _line(
        self,
        name: str,
        key: Mapping[str, str],
        shown: str,
        state: str,
        stage: str,
        clause: str,
        missing: tuple[str, ...],
    ) -> None:
        keys = f"[{', '.join(key.values())}]" if key else ""
        parts = (f"{name}{keys}", shown, state, stage, f"({clause})" if clause else "")
        self.stdout.write("  ".join(part for part in parts if part))
        if missing:
            self.stdout.write(f"    … {', '.join(missing)}")

    def _steps(self, steps: tuple[Step, ...]) -> None:
        for line in lines(steps, gettext):
            self.stdout.write(f"    {line}")

    def _amount(self, amount: AmountRange) -> str:
        if amount.value is not None:
            return f"{amount.unit} {amount.value:f}"
        low, high = (f"{end:f}" if end is not None else "?" for end in (amount.low, amount.high))
        return f"{amount.unit} {low} … {high}"

    def _deadline(self, result: DeadlineResult) -> None:
        key = f"[{', '.join(result.key.values())}]" if result.key else ""
        shown = result.value if result.value is not None else result.estimate
        moment = shown.isoformat() if shown is not None else "—"
        self.stdout.write(f"{result.id}{key}  {moment}  {result.state}  {result.status}  ({result.clause})")
        for line in lines((*result.derivation, *result.reasons), gettext):
            self.stdout.write(f"    {line}")
        if result.missing:
            self.stdout.write(f"    … {', '.join(result.missing)}")
