"""Checks of rules and pools across tables: units, what is combined, caps, sinks, and the expressions in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ..language import ExpressionError
from ..language import syntax as s
from ..language.check import Checker
from ..language.errors import suggestion
from ..language.parser import PERIOD_UNITS
from ..language.types import ANY, Environment, Type
from .environment import units_in
from .model import Definition, Pool, Rule
from .reader import Problems
from .tables import COMBINE


def check_outcomes(definition: Definition, problems: Problems, environment: Environment) -> None:
    """Note every problem of the rules, pools, rights, instalments and securities."""
    check = _Check(definition, problems, environment, units_in(environment))
    for rule in definition.rules.values():
        check.rule(rule)
    for pool in definition.pools.values():
        check.pool(pool)
    check.conditions()


@dataclass
class _Check:
    d: Definition
    problems: Problems
    environment: Environment
    units: Mapping[str, str]

    # -- rules -----------------------------------------------------------------------------------------------------

    def rule(self, rule: Rule) -> None:
        """The amount fits what the rule yields, and rests on what the contract states."""
        table = f"rule.{rule.id}"
        if rule.amount is None:
            return
        if rule.yields == "right":
            self.problems.add("no_amount_in_pool", table, rule.clause, name=table, yields="right")
            return
        self._bases(table, rule.clause, rule.amount)
        checker = self.checker(rule)
        if checker is None:
            return
        try:
            kind = checker.check(rule.amount)
        except ExpressionError:
            # reported where every expression is checked
            return
        fits = ("points", "count", "ratio", "any") if rule.yields == "points" else ("money", "any")
        if kind.name not in fits:
            expected = "points" if rule.yields == "points" else "an amount of money"
            self.problems.add("ill_typed", table, rule.clause, found=kind, expected=expected)

    def _bases(self, table: str, clause: str, tree: s.Expr) -> None:
        for node in tree.walk():
            if isinstance(node, s.Ref) and (node.kind, node.name) == ("contract", "total"):
                if self.d.contract.total is None:
                    self.problems.add("undefined_base", table, clause, name="contract.total")
            elif isinstance(node, s.Field) and isinstance(node.base, s.Ref) and node.name == "amount":
                tables: Mapping[str, Mapping[str, object]] = {
                    "line": self.d.lines, "instalment": self.d.instalments, "security": self.d.securities,
                }  # fmt: skip
                stated = tables.get(node.base.kind, {}).get(node.base.name)
                if stated is not None and getattr(stated, "amount", None) is None:
                    self.problems.add("undefined_base", table, clause, name=str(node))

    def checker(self, rule: Rule) -> Checker | None:
        """A checker that knows the rule's variables and findings; None if its "for" clause is wrong."""
        checker = self._plain()
        try:
            checker.bind(rule.bindings)
        except ExpressionError:
            return None
        checker.variables |= dict.fromkeys(rule.findings, ANY)
        return checker

    def _plain(self) -> Checker:
        return Checker(self.environment, self.d.contract.currency, mode="amount")

    # -- pools -----------------------------------------------------------------------------------------------------

    def pool(self, pool: Pool) -> None:
        """What it combines, how, up to what, and where it goes."""
        table = f"pool.{pool.id}"
        self._members(table, pool)
        self._combine(table, pool)
        members, group = self.scope(pool), self._group_scope(pool)
        plain = pool.combine == "sum" and pool.amount is None
        total, result = self.environment.refs["total of pool"][pool.id], self.environment.refs["pool"][pool.id]
        for tree in pool.by:
            self._key(table, pool, tree, members)
        if pool.amount is not None:
            # what is worked out from the total may be of another unit (points made into money), nothing else may
            turned = any(isinstance(node, s.Var) and node.name == "total" for node in pool.amount.walk())
            rule = _amount if turned else _like(total)
            self._expression(table, pool.clause, pool.amount, {**group, "total": total}, rule)
        for number, cap in enumerate(pool.caps, start=1):
            place, clause = f"{table}.caps.{number}", cap.clause or pool.clause
            self._expression(place, clause, cap.limit, {**(members if plain else group), "total": total}, _like(result))
            if cap.length is not None:
                self._expression(place, clause, cap.length, {}, Checker.duration)
            for tree in cap.by:
                self._key(place, pool, tree, members)
            term = cap.window.removeprefix("term.")
            if cap.window.startswith("term.") and term not in self.d.terms:
                self.problems.add(
                    "bad_window", place, clause, name=cap.window, suggestion=suggestion(term, self.d.terms)
                )
        if pool.claim is not None:
            self._expression(table, pool.clause, pool.claim, members, Checker.moment)
        for number, sink in enumerate(pool.sinks, start=1):
            place = f"{table}.settle.{number}"
            self._sink_name(place, pool.clause, sink.sink)
            parts = ((sink.limit, _amount), (sink.when, Checker.condition), (sink.deadline, Checker.moment))
            for part, rule in parts:
                if part is not None:
                    self._expression(place, pool.clause, part, group, rule)

    def _members(self, table: str, pool: Pool) -> None:
        seen: set[str] = set()
        units: dict[str, str] = {}
        for name in pool.over:
            if name in seen:
                self.problems.add("twice_in_pool", table, pool.clause, name=name)
            seen.add(name)
            if name in self.d.rules and self.d.rules[name].yields == "right":
                self.problems.add("no_amount_in_pool", table, pool.clause, name=name, yields="right")
            unit = self.units.get(f"rule.{name}") or self.units.get(f"pool.{name}")
            if unit is not None:
                units.setdefault(unit, name)
        if pool.combine == "sum":
            below = set[str]().union(*(self._below(name, {pool.id}) for name in pool.over))
            for name in sorted(below & seen):
                self.problems.add("twice_in_pool", table, pool.clause, name=name)
        if len(units) > 1:
            first, second = list(units)[:2]
            self.problems.add("two_units", table, pool.clause, left=first, right=second)

    def _below(self, name: str, above: Collection[str]) -> set[str]:
        """The rules and pools a pool is made of, at any depth; of a rule none."""
        if name in self.d.rules or name not in self.d.pools or name in above:
            return set()
        members = set(self.d.pools[name].over)
        return members.union(*(self._below(each, {*above, name}) for each in members))

    def _combine(self, table: str, pool: Pool) -> None:
        if not pool.combine.startswith("reading."):
            return
        name = pool.combine.removeprefix("reading.")
        reading = self.d.readings.get(name)
        if reading is None:
            hint = suggestion(name, self.d.readings)
            self.problems.add("unknown_name", table, pool.clause, kind="reading", name=name, suggestion=hint)
            return
        for key in reading.keys:
            if key not in COMBINE:
                self.problems.add("unknown_combine", table, pool.clause, value=key, name=pool.combine)

    def _sink_name(self, table: str, clause: str, name: str) -> None:
        kind, dot, rest = name.partition(".")
        tables: Mapping[str, Collection[str]] = {"instalment": self.d.instalments, "security": self.d.securities}
        if dot and rest not in tables.get(kind, ()):
            hint = suggestion(name, [f"{each}.{member}" for each, members in tables.items() for member in members])
            self.problems.add("unknown_sink", table, clause, name=name, suggestion=hint)

    def _key(self, table: str, pool: Pool, tree: s.Expr, scope: Mapping[str, Type]) -> None:
        """A part of a key: a variable all members have, a thing they rest on, a calendar unit, or `linked(…)`."""
        things = {*self.d.items, "cause", *(name for item in self.d.items.values() for name in item.attributes)}
        if isinstance(tree, s.Call) and tree.function == "linked":
            for arg in tree.args:
                if str(arg) not in things:
                    hint = suggestion(str(arg), things)
                    self.problems.add(
                        "unknown_name",
                        table,
                        pool.clause,
                        kind="thing an assessment rests on",
                        name=arg,
                        suggestion=hint,
                    )
            return
        if isinstance(tree, s.Var):
            if tree.name not in scope and tree.name not in things and tree.name not in PERIOD_UNITS:
                held = (f"{name}.{tree.name}" for name, kind in scope.items()
                        if tree.name in self.environment.fields.get(kind.detail, {}))  # fmt: skip
                hint = next(held, "") or suggestion(tree.name, scope)
                self.problems.add(
                    "unknown_name", table, pool.clause, kind="variable of every member", name=tree.name, suggestion=hint
                )
            return
        self._expression(table, pool.clause, tree, scope, Checker.check)

    def scope(self, pool: Pool, seen: frozenset[str] = frozenset()) -> dict[str, Type]:
        """The variables every member has."""
        found: dict[str, Type] | None = None
        for name in pool.over:
            if name in self.d.rules:
                checker = self.checker(self.d.rules[name])
                own = {b.name: checker.variables[b.name] for b in self.d.rules[name].bindings} if checker else {}
            elif name in self.d.pools and name not in seen:
                own = self._group_scope(self.d.pools[name], seen | {pool.id})
            else:
                continue
            found = own if found is None else {n: t for n, t in found.items() if n in own}
        return found or {}

    def _group_scope(self, pool: Pool, seen: frozenset[str] = frozenset()) -> dict[str, Type]:
        """The variables a group certainly has: those it is grouped by."""
        inner = self.scope(pool, seen | {pool.id})
        keys = {tree.name for tree in pool.by if isinstance(tree, s.Var)}
        return {name: kind for name, kind in inner.items() if name in keys}

    # -- rights, instalments, securities ---------------------------------------------------------------------------

    def conditions(self) -> None:
        """The conditions and moments of rights, factors of instalments, and the edges of securities."""
        for right in self.d.rights.values():
            table = f"right.{right.id}"
            checker = self._plain()
            try:
                checker.bind(right.bindings)
            except ExpressionError as error:
                self.problems.add_expression(error, table, right.clause)
                continue
            for tree, rule in ((right.when, Checker.condition), (right.until, Checker.moment)):
                if tree is not None:
                    self._expression(table, right.clause, tree, checker.variables, rule)
        for instalment in self.d.instalments.values():
            if instalment.factor is not None:
                table = f"instalment.{instalment.id}"
                self._expression(table, instalment.clause, instalment.factor, {}, _number)
        for security in self.d.securities.values():
            table = f"security.{security.id}"
            for tree in (security.since, security.until):
                if tree is not None:
                    self._expression(table, security.clause, tree, {}, Checker.moment)
            for release in security.releases:
                if release.when is not None:
                    self._expression(table, security.clause, release.when, {}, Checker.condition)

    def _expression(
        self,
        table: str,
        clause: str,
        tree: s.Expr,
        variables: Mapping[str, Type],
        rule: Callable[[Checker, s.Expr], object],
    ) -> None:
        checker = self._plain()
        checker.variables |= variables
        checker.text = str(tree)
        try:
            rule(checker, tree)
        except ExpressionError as error:
            self.problems.add_expression(error, table, clause)


def _like(total: Type) -> Callable[[Checker, s.Expr], Type]:
    """The rule that an expression has the unit of what a pool adds up: the same currency, or points as well."""

    def rule(checker: Checker, tree: s.Expr) -> Type:
        kind = _amount(checker, tree)
        if kind.name == total.name == "money" and kind != total:
            raise checker.fail("two_currencies", tree, left=total.detail, right=kind.detail)
        return checker.expect(kind, tree, str(total), kind in (total, ANY))

    return rule


def _amount(checker: Checker, tree: s.Expr) -> Type:
    return checker.expect_named(tree, ("money", "points"))


def _number(checker: Checker, tree: s.Expr) -> Type:
    return checker.expect_named(tree, ("count", "ratio"))
