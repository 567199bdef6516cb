"""What the contract says about its own numbers: `[[check]] that = …`, decided from the definition alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from definitions.problems import Problem, make_problem
from definitions.reader import Source
from engine.calendars import Calendar
from engine.definition import Definition
from engine.facts import FactStore
from engine.language import syntax
from engine.language.arithmetic import calculate
from engine.language.evaluator import Evaluator
from engine.language.values import Choice, Element, Value, combine, nothing_known
from engine.world import FactWorld

# Statements are about figures, not about days; any day gives the same answer.
ANY_DAY = date(2000, 1, 1)


class _Figures(Evaluator):
    """The engine's evaluator with sums over the definition's own rows; other aggregates stay undecided."""

    def _on_call(self, tree: syntax.Call) -> Value:
        if tree.function == "sum" and len(tree.args) == 1:
            return self._sum(tree.args[0])
        if not hasattr(self, f"_value_{tree.function}") and not hasattr(self, f"_moment_{tree.function}"):
            return nothing_known({f"{tree.function}(…)"})
        return super()._on_call(tree)

    def _sum(self, tree: syntax.Expr) -> Value:
        """The amounts of the rows of a set; a blank row of a bundle counts in the row that prices it."""
        group = self.value(tree)
        if not isinstance(group, Choice) or not isinstance(group.value, tuple):
            return nothing_known({"sum(…)"})
        amounts: list[Choice] = []
        for row in group.value:
            amount = row.fields.get("amount") if isinstance(row, Element) else None
            if not isinstance(amount, Choice):
                return nothing_known({"sum(…)"})
            if amount.options:
                amounts.append(amount)
        if not amounts:
            return nothing_known({"sum(…)"})
        total = amounts[0]
        for amount in amounts[1:]:
            total = combine(lambda left, right: calculate("+", left, right), total, amount)
        return total


def check(source: Source, definition: Definition, calendars: Mapping[str, Calendar]) -> Iterator[Problem]:
    """Every statement that does not hold, at the level it states; every one that cannot be decided, as a warning."""
    world = FactWorld(definition, FactStore(), calendars, ANY_DAY, None, {})
    written = source.data.get("check", [])
    for index, statement in enumerate(definition.checks):
        truth = _Figures(world).truth(statement.that)
        if truth.value is True:
            continue
        that = str(written[index].get("that", "")) if index < len(written) else ""
        place = {"file": source.file_of("check"), "table": f"check.{index + 1}", "clause": statement.clause}
        if truth.value is False:
            code = "check_failed" if statement.level == "error" else "check_noted"
            yield make_problem(code, **place, level=statement.level, text=statement.text, that=that)
        else:
            yield make_problem("check_unknown", **place, level="warning", that=that)
