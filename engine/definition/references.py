"""Checks across the tables of a definition: names, types, settings and circles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from ..language import ExpressionError
from ..language import syntax as s
from ..language.check import Checker
from ..language.errors import suggestion
from ..language.types import Environment, attribute_type
from .environment import build_environment, set_names
from .literals import ATTRIBUTE_TYPES, is_money
from .model import SIDES, Definition, Duty
from .money_tables import COMMITMENT_NAMES, SECURITY_NAMES
from .needs import circles
from .outcome_checks import check_outcomes
from .reader import Problems, texts_in
from .table_checks import check_tables
from .tables import SETTINGS


def check_references(definition: Definition, problems: Problems, published: Collection[str]) -> Environment:
    """Note every problem that shows only when the tables are seen together; the names and types found on the way."""
    check = _Check(definition, problems, build_environment(definition, published))
    check.names()
    check.settings()
    check.expressions()
    check_tables(definition, problems, check.environment)
    check_outcomes(definition, problems, check.environment)
    for circle in circles(definition):
        # a circle through all assessments is named after a table that is part of it
        table = next((name for name in circle if "(" not in name), circle[0])
        problems.add("cycle", table, check.clause_of(table), path=" → ".join(circle))
    return check.environment


class _Check:
    def __init__(self, definition: Definition, problems: Problems, environment: Environment) -> None:
        self.d = definition
        self.problems = problems
        self.environment = environment

    # -- names -----------------------------------------------------------------------------------------------------

    def names(self) -> None:
        """Names used twice, and names of parties, policies, duties … that do not exist."""
        d = self.d
        self._unique(set_names(d))
        # a definition that lists no parties has the two sides every contract has
        parties = d.parties or dict.fromkeys(SIDES)
        self._unique([(duty.ref, f"duty.{duty.id}") for duty in d.duties.values() if duty.ref])
        self._unique([(str(line.number), f"line.{line.id}") for line in d.lines.values() if line.number])
        for item in d.items.values():
            self._types(f"item.{item.id}", item.attributes, item.clause)
        for interval in d.intervals.values():
            self._types(f"interval.{interval.id}", {**interval.key, **interval.attributes}, interval.clause)
        for duty in d.duties.values():
            table = f"duty.{duty.id}"
            for party in (*duty.obligor, *duty.obligee):
                self._known(table, "party", party, parties, duty.clause)
            if duty.policy and d.policies:
                self._known(table, "policy", duty.policy, d.policies, duty.clause)
        for deliverable in d.deliverables.values():
            if deliverable.duty:
                self._known(f"deliverable.{deliverable.id}", "duty", deliverable.duty, d.duties, deliverable.clause)
        for instalment in d.instalments.values():
            table = f"instalment.{instalment.id}"
            if instalment.duty:
                self._known(table, "duty", instalment.duty, d.duties, instalment.clause)
            if instalment.invoice:
                self._known(table, "event", instalment.invoice, d.events, instalment.clause)
        self._securities()
        for commitment in d.commitments.values():
            for field, kind in COMMITMENT_NAMES.items():
                self._names_one(f"commitment.{commitment.id}", kind, commitment.data.get(field), commitment.clause)
        for series in d.series.values():
            self._types(f"series.{series.id}", {"value": series.value, **series.key}, series.clause)
        for rule in d.rules.values():
            self._types(f"rule.{rule.id}", rule.findings, rule.clause)
        for rule in d.rules.values():
            for party in (rule.debtor, rule.creditor):
                if party:
                    self._known(f"rule.{rule.id}", "party", party, parties, rule.clause)
        for right in d.rights.values():
            for party in right.holder:
                self._known(f"right.{right.id}", "party", party, parties, right.clause)
        for pool in d.pools.values():
            for name in pool.over:
                self._known(f"pool.{pool.id}", "rule or pool", name, {**d.rules, **d.pools}, pool.clause)
        code = d.contract.calendar
        if code not in self.environment.calendars:
            known = self.environment.calendars
            self.problems.add("unknown_calendar", "contract", name=code, suggestion=suggestion(code, known))

    def clause_of(self, table: str) -> str:
        """The clause of a table such as `rule.x`, as written."""
        group, _dot, name = table.partition(".")
        entries = self.d.source.get(group, {})
        entry = entries.get(name.partition(".")[0], {}) if isinstance(entries, Mapping) else {}
        return str(entry.get("clause", "")) if isinstance(entry, Mapping) else ""

    def _unique(self, pairs: Iterable[tuple[str, str]]) -> None:
        seen: dict[str, str] = {}
        for name, place in pairs:
            if name in seen and seen[name] != place:
                self.problems.add(
                    "duplicate_name", place, self.clause_of(place), name=name, first=seen[name], second=place
                )
            seen.setdefault(name, place)

    def _types(self, table: str, declared: Mapping[str, str], clause: str) -> None:
        known = {*ATTRIBUTE_TYPES, *self.d.items}
        for name in sorted(set(declared.values())):
            if not is_money(name):
                self._known(table, "attribute type", name, known, clause)

    def _securities(self) -> None:
        """The duties, events, items and rules a security is bound to, and what it should outlast."""
        for security in self.d.securities.values():
            table = f"security.{security.id}"
            for field, kind in SECURITY_NAMES.items():
                self._names_one(table, kind, security.data.get(field), security.clause)
            for risk in texts_in(security.data, "risks"):
                kind, dot, name = risk.partition(".")
                self._names_one(table, kind if dot and kind in ("event", "duty") else "event", name or kind,
                                security.clause)  # fmt: skip

    def _names_one(self, table: str, kind: str, name: object, clause: str) -> None:
        """A field that names an entry of another table, if it is filled in."""
        tables: Mapping[str, Collection[str]] = {
            "duty": self.d.duties, "item": self.d.items, "event": self.d.events,
            "rule": self.d.rules, "interval": self.d.intervals, "reading": self.d.readings,
        }  # fmt: skip
        if isinstance(name, str) and name:
            self._known(table, kind, name, tables[kind], clause)

    def _known(self, table: str, kind: str, name: str, known: Collection[str], clause: str = "") -> None:
        if name not in known:
            hint = suggestion(name, known)
            self.problems.add("unknown_name", table, clause, kind=kind, name=name, suggestion=hint)

    # -- settings --------------------------------------------------------------------------------------------------

    def settings(self) -> None:
        """Defaults of readings, and the readings the profile is bound to."""
        d = self.d
        for reading in d.readings.values():
            table = f"reading.{reading.id}"
            if not reading.default and not reading.must_choose and reading.keys:
                self.problems.warn("no_default", table, reading.clause)
            if reading.default and reading.default not in reading.keys:
                self.problems.add(
                    "bad_default", table, reading.clause, value=reading.default,
                    options=", ".join(reading.keys), suggestion=suggestion(reading.default, reading.keys),
                )  # fmt: skip
            self._unique([(key, f"{table}.{index}") for index, key in enumerate(reading.keys, start=1)])
        for setting, allowed in SETTINGS.items():
            value: str = getattr(d.profile, setting)
            if not value.startswith("reading."):
                continue
            name = value.removeprefix("reading.")
            if name not in d.readings:
                self._known("profile", "reading", name, d.readings)
                continue
            for key in d.readings[name].keys:
                if key not in allowed:
                    self.problems.add("bad_option", f"reading.{name}", d.readings[name].clause, value=key,
                                      options=", ".join(allowed))  # fmt: skip

    # -- expressions -----------------------------------------------------------------------------------------------

    def expressions(self) -> None:
        """The type of every expression at its place."""
        d = self.d
        for term in d.terms.values():
            for tree in (term.start, term.end):
                self._try(f"term.{term.id}", term.clause, self._checker(), tree, Checker.moment)
        for duty in d.duties.values():
            self._duty(duty)
        for reading in d.readings.values():
            for option in reading.options:
                if option.value is not None:
                    asking = self._checker(amount=bool(reading.parameters))
                    asking.variables |= self.environment.callables.get(f"reading.{reading.id}", {})
                    self._try(f"reading.{reading.id}", reading.clause, asking, option.value, Checker.check)
        for rule in d.rules.values():
            table = f"rule.{rule.id}"
            checker = self._bound(table, rule.clause, rule.bindings, amount=True)
            if checker is not None:
                currency = d.contract.currency
                checker.variables |= {name: attribute_type(kind, currency) for name, kind in rule.findings.items()}
                if rule.when is not None:
                    self._try(table, rule.clause, checker, rule.when, Checker.condition)
                for outcome in (rule.amount, rule.because):
                    if outcome is not None:
                        self._try(table, rule.clause, checker, outcome, Checker.check)
        for measure in d.measures.values():
            checker = self._bound(f"measure.{measure.id}", measure.clause, measure.bindings, amount=True)
            if checker is not None:
                self._try(f"measure.{measure.id}", measure.clause, checker, measure.value, Checker.check)
        for index, check in enumerate(d.checks, start=1):
            self._try(f"check.{index}", check.clause, self._checker(amount=True), check.that, Checker.condition)

    def _checker(self, *, amount: bool = False) -> Checker:
        return Checker(self.environment, self.d.contract.currency, mode="amount" if amount else "deadline")

    def _bound(
        self, table: str, clause: str, bindings: tuple[s.Binding, ...], *, amount: bool = False
    ) -> Checker | None:
        checker = self._checker(amount=amount)
        try:
            checker.bind(bindings)
        except ExpressionError as error:
            self.problems.add_expression(error, table, clause)
            return None
        return checker

    def _duty(self, duty: Duty) -> None:
        table = f"duty.{duty.id}"
        checker = self._bound(table, duty.clause, duty.bindings)
        if checker is None:
            return
        for name, tree in duty.expressions.items():
            written = duty.data.get(name)
            text = written if isinstance(written, str) else ""
            happened = name == "done" and isinstance(tree, s.Call) and tree.function == "happened"
            rule = Checker.condition if name == "gate" or happened else Checker.moment
            self._try(table, duty.clause, checker, tree, rule, text)

    def _try(
        self,
        table: str,
        clause: str,
        checker: Checker,
        tree: s.Expr,
        rule: Callable[[Checker, s.Expr], object],
        text: str = "",
    ) -> None:
        checker.text = text or str(tree)
        try:
            rule(checker, tree)
        except ExpressionError as error:
            self.problems.add_expression(error, table, clause)
