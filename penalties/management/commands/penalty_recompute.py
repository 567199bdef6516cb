"""`manage.py penalty_recompute [--contract NUMBER]`: prove every stored assessment. Exit 1 when any differs."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.models import Contract
from penalties.recompute import recompute


class Command(BaseCommand):
    help = "Compute every stored assessment again from its own facts, readings and definition, and compare to the fen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--contract", default="", help="only this contract's number")

    def handle(self, *args: Any, **options: Any) -> None:
        contract = None
        if options["contract"]:
            contract = Contract.objects.filter(number=options["contract"]).first()
            if contract is None:
                raise CommandError(f"No contract has the number {options['contract']}.")
        proof = recompute(contract)
        for each in proof.differences:
            self.stdout.write(f"{each.case} #{each.assessment}: {each.reason}; stored {each.stored}, now {each.now}")
        self.stdout.write(
            f"{proof.checked} assessments computed again, {len(proof.differences)} differ, "
            f"{proof.reworded} are explained in other words."
        )
        if proof.differences:
            sys.exit(1)
