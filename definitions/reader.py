"""Reading a definition: TOML files of a folder, of an upload or of an archive, merged by table.

Knows nothing of contracts: it yields plain data (dates as ISO text) with the file every table came from, and refuses
what cannot be read: wrong encoding, wrong syntax, the same table twice, floats, naive times.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from contracts.errors import Refused
from contracts.uploads import open_archive
from definitions.problems import DefinitionRefused, Problem, make_problem, refused

MAX_FILES = 200
MAX_BYTES = 2 * 1024 * 1024
MAX_TOTAL = 8 * 1024 * 1024
MAX_DEPTH = 20
# Tables written once as a whole; all others are folders of named entries that several files may share.
WHOLE = frozenset({"contract", "profile"})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as it was read: its name for messages, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Source:
    """A merged definition: the data, the file of each `table.name`, and the hash of the data (not of the comments)."""

    data: Mapping[str, Any]
    origin: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of content and order of the tables; comments and the split into files do not count."""
        body = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(body.encode()).hexdigest()

    def file_of(self, table: str, name: str = "") -> str:
        """The file that holds `table.name`, or the table; "" if none does."""
        return self.origin.get(f"{table}.{name}", self.origin.get(table, ""))


class _Float:
    """A float literal found where none may stand; TOML's parser cannot name its place."""

    def __init__(self, text: str) -> None:
        self.text = text


# --- files -----------------------------------------------------------------------------------------------------


def read_path(path: str | Path) -> tuple[SourceFile, ...]:
    """The TOML files of a folder (not of its subfolders), of a .zip archive, or one .toml file.

    Raises DefinitionRefused if there is nothing to read.
    """
    place = Path(path)
    if place.is_dir():
        paths = sorted(place.glob("*.toml"))
        if not paths:
            raise refused(make_problem("no_files", file=place.name, path=place))
        return _limited([SourceFile(found.name, found.read_bytes()) for found in paths])
    if not place.is_file():
        raise refused(make_problem("no_files", file=place.name, path=place))
    if place.suffix.lower() == ".zip":
        return _archive(place)
    return _limited([SourceFile(place.name, place.read_bytes())])


def read_uploads(uploads: Iterable[tuple[str, bytes]]) -> tuple[SourceFile, ...]:
    """Uploaded files, each a name and its bytes: .toml files, or one .zip archive of them.

    Raises DefinitionRefused for anything else.
    """
    files: list[SourceFile] = []
    for name, content in uploads:
        if name.lower().endswith(".zip"):
            with tempfile.NamedTemporaryFile(suffix=".zip") as kept:
                kept.write(content)
                kept.flush()
                files += _archive(Path(kept.name), name)
        elif name.lower().endswith(".toml"):
            files.append(SourceFile(name, content))
        else:
            raise refused(make_problem("wrong_kind", file=name, path=name))
    return _limited(sorted(files, key=lambda file: file.name))


def _archive(path: Path, shown: str = "") -> tuple[SourceFile, ...]:
    try:
        with open_archive(path) as archive:
            members = [entry for entry in archive.infolist() if not entry.is_dir() and entry.filename.endswith(".toml")]
            total = sum(entry.file_size for entry in members)
            if len(members) > MAX_FILES or total > MAX_TOTAL or any(entry.file_size > MAX_BYTES for entry in members):
                raise refused(_too_large(shown or path.name))
            return _limited([SourceFile(Path(e.filename).name, archive.read(e)) for e in members])
    except (Refused, zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise refused(make_problem("bad_archive", file=shown or path.name, reason=error)) from error


def _too_large(name: str) -> Problem:
    return make_problem("too_large", file=name)


def _limited(files: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    large = [file.name for file in files if len(file.content) > MAX_BYTES]
    if large or len(files) > MAX_FILES or sum(len(file.content) for file in files) > MAX_TOTAL:
        raise refused(_too_large(large[0] if large else ""))
    if not files:
        raise refused(make_problem("no_files", path="—"))
    return tuple(files)


# --- TOML ------------------------------------------------------------------------------------------------------


def parse_toml(file: SourceFile, *, keep_dates: bool = False) -> dict[str, Any]:
    """One file as plain data: dates and instants as ISO text (or as they are, with `keep_dates`).

    Raises DefinitionRefused with line or table.
    """
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise refused(make_problem("not_utf8", file=file.name, line=line)) from error
    try:
        data = tomllib.loads(text, parse_float=_Float)
    except tomllib.TOMLDecodeError as error:
        raise refused(_syntax_problem(file.name, str(error), text)) from error
    except RecursionError as error:
        raise refused(make_problem("too_deep", file=file.name)) from error
    problems: list[Problem] = []
    plain: dict[str, Any] = _plain(data, file.name, (), problems, keep_dates)
    if problems:
        raise refused(*problems)
    return plain


def _syntax_problem(name: str, said: str, text: str) -> Problem:
    """The problem behind a message of the TOML parser, which ends in "(at line 3, column 7)" or in "(at end …)"."""
    lines = text.splitlines() or [""]
    at = re.search(r"line (\d+), column (\d+)", said)
    line, column = (int(at[1]), int(at[2])) if at else (len(lines), len(lines[-1]) + 1)
    found = lines[min(line, len(lines)) - 1].strip()[:80]
    code = "bad_syntax"
    if "Invalid date" in said:
        code = "no_such_date"
    elif re.search(r"twice|verwrite|redefine|mutate", said):
        code = "written_twice"
    return make_problem(code, file=name, line=line, column=column, found=found or said)


def _plain(value: Any, file: str, path: tuple[str, ...], problems: list[Problem], keep_dates: bool) -> Any:
    table = ".".join(path)
    if len(path) > MAX_DEPTH:
        raise refused(make_problem("too_deep", file=file, table=".".join(path[:4])))
    if isinstance(value, dict):
        return {key: _plain(item, file, (*path, key), problems, keep_dates) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, file, (*path, str(index + 1)), problems, keep_dates) for index, item in enumerate(value)]
    if isinstance(value, _Float):
        problems.append(make_problem("float", file=file, table=table, value=value.text))
        return value.text
    if isinstance(value, datetime):
        if value.tzinfo is None:
            problems.append(make_problem("naive_time", file=file, table=table, value=value.isoformat()))
        return value if keep_dates else value.isoformat()
    if isinstance(value, date):
        return value if keep_dates else value.isoformat()
    if isinstance(value, time):
        problems.append(make_problem("time_without_day", file=file, table=table, value=value.isoformat()))
        return value.isoformat()
    return value


def merge(files: Sequence[SourceFile]) -> Source:
    """All files as one definition. Raises DefinitionRefused with every file's problem, or a table written twice."""
    data: dict[str, Any] = {}
    origin: dict[str, str] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            content = parse_toml(file)
        except DefinitionRefused as error:
            problems += error.problems
            continue
        for table, value in content.items():
            problems += _merge_table(data, origin, file.name, table, value)
    if problems:
        raise refused(*problems)
    return Source(data, origin)


def _merge_table(data: dict[str, Any], origin: dict[str, str], file: str, table: str, value: Any) -> list[Problem]:
    def twice(name: str, other: str) -> Problem:
        return make_problem("duplicate_table", file=file, table=name, name=name, other=other)

    if table not in data:
        data[table] = value
        origin[table] = file
        if isinstance(value, dict) and table not in WHOLE:
            origin.update({f"{table}.{name}": file for name in value})
        return []
    known = data[table]
    if isinstance(value, list) and isinstance(known, list):
        known.extend(value)
        return []
    if not (isinstance(value, dict) and isinstance(known, dict)) or table in WHOLE:
        return [] if value == known and table == "format" else [twice(table, origin[table])]
    problems = []
    for name, entry in value.items():
        if name in known:
            problems.append(twice(f"{table}.{name}", origin.get(f"{table}.{name}", origin[table])))
            continue
        known[name] = entry
        origin[f"{table}.{name}"] = file
    return problems
