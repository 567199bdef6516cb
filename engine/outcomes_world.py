"""What rules and pools add to the facts: assessments so far, what was settled and paid, and findings about them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from .definition import Definition
from .definition.builtin import item_kinds
from .definition.environment import set_names
from .elements import item_element, typed
from .facts import FactView
from .language.values import Choice, Element, Money, Value, certain
from .language.world import Source
from .money import minor_units, round_money

if TYPE_CHECKING:
    from .assessment.assessor import Assessor
    from .world import FactWorld


class OutcomeWorld:
    """The part of `engine.world.FactWorld` that looks at rules and pools. `combination` are the undecided readings
    this world assumes, on top of what was chosen."""

    definition: Definition
    view: FactView
    combination: Mapping[str, str]
    cache: dict[Any, Any]
    _assessor: Assessor | None

    @property
    def assessor(self) -> Assessor:
        """Evaluates this world's rules and pools, and those of its twins under other readings."""
        # the rules look at facts through a world, so they stand above this module
        from .assessment.assessor import Assessor

        if self._assessor is None:
            self._assessor = Assessor(cast("FactWorld", self))
        return self._assessor

    def under(self, combination: Mapping[str, str]) -> FactWorld:
        """The same facts, assuming these options for undecided readings. What no reading can change is shared."""
        twin: Any = copy(self)
        twin.combination = dict(combination)
        twin.chosen = {**twin.chosen, **combination}
        twin._terms, twin._instances, twin._by_key, twin._dates, twin._calendars = {}, {}, {}, {}, {}
        twin._earlier = {}
        twin.cache = {}
        return cast("FactWorld", twin)

    def amount_of_share(self, kind: str, name: str) -> Choice:
        """The amount of an instalment or security that states a share; unknown while its factor is."""
        from .assessment.instalments import instalment_amounts
        from .assessment.securities import security_amount

        world = cast("FactWorld", self)
        missing = frozenset({f"{kind}.{name}.amount"})
        if kind == "security":
            amount = security_amount(world, self.definition.securities[name])
        else:
            key = ("instalment_amounts",)
            if key not in self.cache:
                # a factor that asks for the amount it scales finds it unknown
                self.cache[key] = {}
                self.cache[key] = instalment_amounts(world)
            amount, doubts = self.cache[key].get(name, (None, missing))
            missing = doubts or missing
        if amount is None:
            return Choice((), missing)
        return certain(Money(self.definition.contract.currency, Fraction(amount)))

    # -- what the language asks ------------------------------------------------------------------------------------

    def assessments(self, kind: Source, name: str) -> Choice:
        """The assessments of a rule, or the results of a pool, as one set; with clues, the sets without and with."""
        sure, possible, missing = self.assessor.elements(kind, name, self.combination)
        return certain(sure) if sure == possible else Choice((sure, possible), missing)

    def assessed(self, kind: Source, name: str) -> Choice:
        """The sum assessed so far; within bounds while undecided."""
        return self.assessor.sum(kind, name, self.combination).as_value()

    def settled(self, kind: Source, name: str) -> Choice:
        """The sum recorded as settled, of one pool or of all."""
        amounts = [amount for pool, _key, _sink, amount in self.settlements if not name or pool == name]
        return certain(Money(self.definition.contract.currency, Fraction(sum(amounts, Decimal(0)))))

    def settled_of(self, name: str, key: Mapping[str, str]) -> Choice:
        """What was recorded as settled of one assessment, be it under its rule or pool or under a pool above, which may
        say by the same key what it was for. A group without a key takes all of its pool."""
        place = "/".join(key.values())
        names = {name} | {pool.id for pool in self.definition.pools.values() if name in self._below[pool.id]}
        amounts = [
            amount
            for pool, at, _sink, amount in self.settlements
            if (pool == name and not place) or (pool in names and place and at == place)
        ]
        return certain(Money(self.definition.contract.currency, Fraction(sum(amounts, Decimal(0)))))

    @cached_property
    def _below(self) -> Mapping[str, frozenset[str]]:
        """The rules and pools each pool is over, however far down."""
        pools = self.definition.pools
        found: dict[str, frozenset[str]] = {}
        for pool in pools:
            waiting, seen = [pool], set()
            while waiting:
                below = [each for each in pools[waiting.pop()].over if each not in seen]
                seen.update(below)
                waiting += [each for each in below if each in pools]
            found[pool] = frozenset(seen)
        return found

    def payments(self) -> tuple[Element, ...]:
        """The payments made by as-of, in order of id."""
        return self._built_in("payment")

    # -- what rules and pools ask ----------------------------------------------------------------------------------

    @cached_property
    def settlements(self) -> tuple[tuple[str, str, str, Decimal], ...]:
        """What was settled: pool, the group's key values joined by "/", sink, amount."""
        return tuple(
            (_text(e, "pool"), _text(e, "key"), _text(e, "sink"), _amount(e)) for e in self._built_in("settlement")
        )

    @cached_property
    def prior(self) -> Mapping[str, Decimal]:
        """What was assessed before, by label (`a3_1/2025-10/s1`); several entries add up."""
        found: dict[str, Decimal] = {}
        for element in self._built_in("assessment"):
            name = _text(element, "rule") or _text(element, "pool")
            label = "/".join(part for part in (name, _text(element, "key")) if part)
            found[label] = found.get(label, Decimal(0)) + _amount(element)
        return found

    @cached_property
    def drawn(self) -> Mapping[str, Decimal]:
        """What each sink has taken."""
        found: dict[str, Decimal] = {}
        for _pool, _key, sink, amount in self.settlements:
            found[sink] = found.get(sink, Decimal(0)) + amount
        return found

    @cached_property
    def paid(self) -> Mapping[str, Decimal]:
        """What was paid of each instalment."""
        found: dict[str, Decimal] = {}
        for element in self.payments():
            name = _text(element, "instalment")
            found[name] = found.get(name, Decimal(0)) + _amount(element)
        return found

    @cached_property
    def common_findings(self) -> frozenset[str]:
        """The yes-or-no attributes of things, which a rule may ask for about its own instance."""
        kinds = self.definition.items.values()
        return frozenset(name for kind in kinds for name, type_ in kind.attributes.items() if type_ == "bool")

    @cached_property
    def set_names(self) -> frozenset[str]:
        """The plural names of the definition's sets, which a bare finding cannot shadow."""
        return frozenset(name for name, _table in set_names(self.definition))

    def outcome_finding(self, label: str, name: str, *, pool: bool = False) -> Any:
        """What was found about an assessment or a pool's group: `claimed`, `chosen`; None if nothing."""
        subjects = (f"pool:{label}", f"rule:{label}") if pool else (f"rule:{label}",)
        found = (self.view.attributes.get(subject, {}).get(name) for subject in subjects)
        return next((value for value in found if value is not None), None)

    def typed(self, value: Any, kind: str, name: str) -> Value:
        """A recorded finding as a value of the language."""
        return typed(value, kind, name, self.definition)

    def thing(self, kind: str, name: str) -> Element | None:
        """The item of an id, of this kind if there is such a kind, else of any."""
        return self._things.get((kind, name)) or self._things.get(("", name))

    def held(self, kind: str, field: str, name: str) -> Element | None:
        """The item whose id a field holds, where the field is declared as an item of some kind."""
        d = self.definition
        declared = d.items[kind].attributes if kind in d.items else {}
        if kind in d.intervals:
            declared = {**d.intervals[kind].key, **d.intervals[kind].attributes}
        if kind in d.series:
            declared = d.series[kind].key
        wanted = declared.get(field, "")
        return self._things.get((wanted, name)) if wanted in d.items else None

    @cached_property
    def _things(self) -> Mapping[tuple[str, str], Element]:
        found: dict[tuple[str, str], Element] = {}
        for kind in self.definition.items:
            for record in self.view.items.get(kind, ()):
                element = item_element(self.definition, self.view, record)
                found[kind, record.id] = element
                found.setdefault(("", record.id), element)
        return found

    def _built_in(self, name: str) -> tuple[Element, ...]:
        kind = item_kinds(self.definition).get(name)
        if kind is None:
            return ()
        return tuple(item_element(self.definition, self.view, record) for record in self.view.items.get(name, ()))


def _text(element: Element, name: str) -> str:
    value = element.fields.get(name)
    return value.value if isinstance(value, Choice) and isinstance(value.value, str) else ""


def _amount(element: Element) -> Decimal:
    value = element.fields.get("amount")
    found = value.value if isinstance(value, Choice) else None
    if not isinstance(found, Money):
        return Decimal(0)
    return round_money(found.amount, minor_units(found.currency))
