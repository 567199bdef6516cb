"""Reading the fields of one table, collecting every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from ..language import (
    Binding,
    Expr,
    ExpressionError,
    Range,
    parse_bindings,
    parse_expression,
    parse_range,
)
from ..language.errors import suggestion
from ..language.parser import EXACT, PER_CENT
from ..language.single import Keys, single_figures
from ..language.syntax import Call
from ..problems import Level, Problem, from_expression, make_problem

T = TypeVar("T")


# Fields that only describe; every table may have them.
DESCRIPTIVE = frozenset({"title", "title_en", "title_zh", "note", "notes", "description", "comment", "source", "ref"})


# What a field is also called, by table: the usual other word for the same thing.
ALSO_WRITTEN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "contract": {"number": ("id", "no", "code")},
    "measure": {"value": ("is", "formula")},
    "pool": {"over": ("of", "rules", "members")},
    "rule": {"debtor": ("owes", "owed_by", "payer"), "creditor": ("to", "owed_to", "payee")},
    "series": {"value": ("type",)},
}
# What a type is also called.
SAME_TYPE = {
    "boolean": "bool", "string": "text", "str": "text", "strings": "texts", "integer": "count", "int": "count",
    "decimal": "number", "percent": "ratio", "percentage": "ratio", "datetime": "instant", "timestamp": "instant",
    "days": "span", "weeks": "span", "months": "span", "years": "span", "seconds": "duration", "minutes": "duration",
    "hours": "duration",
}  # fmt: skip


class Problems:
    """The problems found so far, located by table; `origin` maps a table to the file it stands in."""

    def __init__(self, origin: Mapping[str, str], *, clauses_listed: bool = False, remarks: bool = False) -> None:
        self.origin = origin
        self.found: list[Problem] = []
        # A definition may hold remarks the engine does not use; facts may not.
        self.remarks = remarks
        # Where a definition lists the contract's clauses, everything must name one; a sketch without them may wait.
        self.clauses_listed = clauses_listed
        # the series, each with its keys: where a number is needed, a figure of one stands for it
        self.series: Keys = {}

    def file_of(self, table: str) -> str:
        """The file of the table, or of the nearest table above it."""
        while table:
            if table in self.origin:
                return self.origin[table]
            table = table.rpartition(".")[0]
        return ""

    def add(self, code: str, table: str, clause: str = "", **params: object) -> None:
        """Note an error."""
        self._note("error", code, table, clause, params)

    def warn(self, code: str, table: str, clause: str = "", **params: object) -> None:
        """Note what is worth a look but refuses nothing."""
        self._note("warning", code, table, clause, params)

    def _note(self, level: Level, code: str, table: str, clause: str, params: Mapping[str, object]) -> None:
        file = self.file_of(table)
        self.found.append(make_problem(code, file=file, table=table, clause=clause, level=level, params=params))

    def add_expression(self, error: ExpressionError, table: str, clause: str = "") -> None:
        """Note what is wrong with an expression."""
        self.found.append(from_expression(error, file=self.file_of(table), table=table, clause=clause))


class Reader:
    """Takes the fields of one table by name and type; `finish` reports the ones nobody asked for.

    `clause` is that of the table above, for a part that names none of its own.
    """

    def __init__(self, problems: Problems, table: str, data: object, clause: str = "") -> None:
        self.problems = problems
        self.table = table
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self.asked: set[str] = set()
        own = self.data.get("clause", "")
        self.clause = own if own and isinstance(own, str) else clause
        if not isinstance(data, Mapping):
            self.fail("wrong_value", field=table, expected="a table", value=data)

    def fail(self, code: str, **params: object) -> None:
        """Note an error of this table."""
        self.problems.add(code, self.table, self.clause, **params)

    def _take(self, name: str) -> Any:
        if name not in self.data:
            also = ALSO_WRITTEN.get(self.table.partition(".")[0], {}).get(name, ())
            name = next((each for each in also if each in self.data), name)
        self.asked.add(name)
        return self.data.get(name)

    def _typed(self, name: str, kind: type | tuple[type, ...], expected: str, default: Any, required: bool) -> Any:
        value = self._take(name)
        if value is None:
            if required:
                self.fail("missing_field", name=name)
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            self.fail("wrong_value", field=name, expected=expected, value=repr(value))
            return default
        return value

    def text(self, name: str, *, required: bool = False, default: str = "") -> str:
        """A text field."""
        value: str = self._typed(name, str, "text", default, required)
        return value

    def name(self, name: str, *, required: bool = False) -> str:
        """A text field that may be written as a whole number."""
        value = self._typed(name, (str, int), "text", "", required)
        return "" if isinstance(value, bool) else str(value)

    def choice(self, name: str, options: Iterable[str], default: str) -> str:
        """A text field with a fixed set of values."""
        value = self.text(name, default=default)
        known = tuple(options)
        if value not in known:
            self.fail("wrong_value", field=name, expected=" / ".join(known), value=repr(value))
            return default
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean field."""
        value: bool = self._typed(name, bool, "true or false", default, False)
        return value

    def named(self, name: str, *, clause: bool = False) -> dict[str, Any]:
        """The fields most tables have: what it is called in expressions and for people, where it stands, and all of it.

        With `clause` one must be given.
        """
        return {
            "id": name,
            "title": self.text("title", default=name),
            "clause": self.need_clause() if clause else self.text("clause"),
            "data": dict(self.data),
        }

    def whole(self, name: str) -> int | None:
        """A whole number, if given."""
        value: int | None = self._typed(name, int, "a whole number", None, False)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a text alone is a list of one."""
        found = self._typed(name, (list, str), "a list", [], False)
        value: list[Any] = [found] if isinstance(found, str) else found
        if any(not isinstance(item, str) for item in value):
            self.fail("wrong_value", field=name, expected="a list of texts", value=repr(value))
            return ()
        return tuple(value)

    def tables(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """A list of inline tables."""
        value: list[Any] = self._typed(name, list, "a list of tables", [], False)
        if any(not isinstance(item, Mapping) for item in value):
            self.fail("wrong_value", field=name, expected="a list of tables", value=repr(value))
            return ()
        return tuple(value)

    def options(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """A list of inline tables; a bare text is the key of one. Or a table of them by their keys."""
        value = self.data.get(name)
        if isinstance(value, Mapping) and value and all(isinstance(fields, Mapping) for fields in value.values()):
            self.asked.add(name)
            return tuple({"key": key, **fields} for key, fields in value.items())
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            self.asked.add(name)
            return tuple({"key": item} for item in value)
        return self.tables(name)

    def types(self, name: str) -> dict[str, str]:
        """A table of attribute names and their types."""
        value: Mapping[str, Any] = self._typed(name, Mapping, "a table", {}, False)
        for key, kind in value.items():
            if not isinstance(kind, str):
                self.fail("wrong_value", field=f"{name}.{key}", expected="the name of a type", value=repr(kind))
        return {key: type_named(kind) for key, kind in value.items() if isinstance(kind, str)}

    def decimal(self, name: str, *, percent: bool = False) -> Decimal | None:
        """An exact number written as text or whole number; with `percent`, `25%` gives 0.25 and `2‰` 0.002."""
        value = self._take(name)
        if value is None or isinstance(value, float):
            return None
        text = str(value).strip()
        try:
            if percent and text[-1:] in PER_CENT:
                number = Decimal(text[:-1].strip()).scaleb(-2 - PER_CENT[text[-1]], EXACT)
            else:
                number = Decimal(text.split()[-1] if text else "")
        except (InvalidOperation, IndexError):
            self.fail("wrong_value", field=name, expected='a number such as "1234.56"', value=repr(value))
            return None
        if isinstance(value, bool) or not number.is_finite():
            self.fail("wrong_value", field=name, expected='a number such as "1234.56"', value=repr(value))
            return None
        return number

    def moment(self, name: str) -> date | datetime | None:
        """A date or an instant, if given."""
        value = self._take(name)
        if value is None:
            return None
        parsed = read_moment(value)
        if isinstance(parsed, str):
            self.fail(parsed, value=str(value))
            return None
        return parsed

    def day(self, name: str) -> date | None:
        """A date, if given."""
        value = self.moment(name)
        if isinstance(value, datetime):
            self.fail("wrong_value", field=name, expected="a date", value=value.isoformat())
            return None
        return value

    def days(self, name: str) -> tuple[date, ...]:
        """A list of dates."""
        found: list[date] = []
        for value in self._typed(name, list, "a list of dates", [], False):
            parsed = read_moment(value)
            if isinstance(parsed, str):
                self.fail(parsed, value=str(value))
            elif not isinstance(parsed, datetime):
                found.append(parsed)
        return tuple(found)

    # -- expressions -----------------------------------------------------------------------------------------------

    def expression(self, name: str, *, required: bool = False) -> Expr | None:
        """An expression; a bare date or whole number counts as one."""
        value = self._take(name)
        if isinstance(value, date):
            value = f"on {value.isoformat()}"
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None:
            if required:
                self.fail("missing_field", name=name)
            return None
        tree = self._parse(name, value, parse_expression)
        series = self.problems.series
        # a "because" names the figures themselves
        return tree if tree is None or not series else single_figures(tree, series, whole=name != "because")

    def bindings(self, name: str) -> tuple[Binding, ...]:
        """A "for" clause."""
        value = self._take(name)
        return (self._parse(name, value, parse_bindings) or ()) if value is not None else ()

    def by(self, text: str) -> tuple[Expr, ...]:
        """The key of a pool: expressions separated by commas, such as `linked(incident, cause), s`."""
        call = self._parse("by", f"key({text})", parse_expression)
        return call.args if isinstance(call, Call) else ()

    def duration(self, name: str, text: str) -> Expr | None:
        """A duration such as `12 months` inside a longer text."""
        return self._parse(name, text, parse_expression)

    def range(self, name: str) -> Range | None:
        """An interval of values such as `(15 minutes, 30 minutes]`."""
        value = self._take(name)
        return self._parse(name, value, parse_range) if value is not None else None

    def _parse(self, name: str, value: object, parse: Callable[[str], T]) -> T | None:
        if not isinstance(value, str):
            if not isinstance(value, float):
                self.fail("wrong_value", field=name, expected="an expression", value=repr(value))
            return None
        try:
            return parse(value)
        except ExpressionError as error:
            self.problems.add_expression(error, self.table, self.clause)
            return None

    # -- the end ---------------------------------------------------------------------------------------------------

    def need_clause(self) -> str:
        """The clause; its absence is an error if the definition lists the contract's clauses, else a warning."""
        clause = self.text("clause")
        if not clause.strip():
            note = self.problems.add if self.problems.clauses_listed else self.problems.warn
            note("missing_clause", self.table)
        return clause

    def finish(self, *also: str, keeps: bool = False) -> Mapping[str, Any]:
        """The raw fields; a field nobody asked for is a problem, unless listed in `also`.

        In a definition one that looks like a field misspelt is an error, any other a remark: a warning. A table that
        `keeps` further fields as they are is silent about those that look like nothing it knows.
        """
        known = self.asked | set(also) | (DESCRIPTIVE if self.problems.remarks else set())
        for name in self.data:
            if name not in known:
                likely = suggestion(name, self.asked | set(also), cutoff=0.8 if keeps else 0.6)
                if keeps and not likely:
                    continue
                note = self.problems.warn if self.problems.remarks and not likely else self.problems.add
                note("unknown_field", self.table, self.clause, name=name, suggestion=likely)
        return dict(self.data)


def texts_in(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A field that holds a list of texts, or one text alone, as `Reader.texts` takes it; empty for anything else."""
    value = data.get(name, ())
    listed = [value] if isinstance(value, str) else value
    return tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list | tuple) else ()


def type_named(name: str) -> str:
    """The type of that name, by whatever word."""
    return SAME_TYPE.get(name, name)


def read_moment(value: object) -> date | datetime | str:
    """A date or aware instant from TOML or ISO text; else the code of the problem."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            return "bad_date"
    if isinstance(value, datetime) and value.tzinfo is None:
        return "naive_instant"
    if not isinstance(value, date):
        return "bad_date"
    return value
