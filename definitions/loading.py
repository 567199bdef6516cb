"""From files to a checked definition, without a database: what `contract_load`, `check_contract` and `evaluate`
have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from definitions.checks import check_definition
from definitions.problems import DefinitionRefused, Problem
from definitions.reader import Source, SourceFile, merge, read_path
from engine.calendars import Calendar
from engine.calendars_cn import CODE, china_official
from engine.definition import Definition, parse_definition


@dataclass(frozen=True)
class Loaded:
    """A definition that may be used: its source, the parsed form, and its health (warnings only)."""

    source: Source
    definition: Definition
    health: tuple[Problem, ...]


def published_calendars() -> Mapping[str, Calendar]:
    """The calendars known without a database."""
    return {CODE: china_official()}


def load_files(files: Sequence[SourceFile], *, calendars: Mapping[str, Calendar] | None = None) -> Loaded:
    """Merge, parse and check. Raises DefinitionRefused with every problem found, warnings included."""
    return load_source(merge(files), calendars=calendars)


def load_source(source: Source, *, calendars: Mapping[str, Calendar] | None = None) -> Loaded:
    """Parse and check what was merged. Raises DefinitionRefused as `load_files` does."""
    definition = parse_definition(source.data, source.origin)
    known = published_calendars() if calendars is None else calendars
    problems = (*definition.warnings, *check_definition(source, definition, calendars=known))
    if any(problem.level == "error" for problem in problems):
        raise DefinitionRefused(problems)
    return Loaded(source, definition, problems)


def load_path(path: str | Path, *, calendars: Mapping[str, Calendar] | None = None) -> Loaded:
    """`load_files` of a folder, a .zip archive or one .toml file."""
    return load_files(read_path(path), calendars=calendars)
