"""What holds for every file: no clock in the rules, no stranger's words, no file too long to read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.house import name_of, own_files, pure_modules, tracked, tree

CLOCKS = {"now", "today", "utcnow", "localdate", "localtime", "monotonic", "time_ns", "get_current_timezone"}
CLOCK_MODULES = {"time", "random", "secrets"}
MOST_LINES = 500


def clock_reads(module: ast.Module) -> Iterator[str]:
    """Every way a module could learn what time it is, or that two runs could differ."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            base = node.value
            name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
            if name in {"datetime", "date", "timezone", "dt", "time"}:
                yield f"line {node.lineno}: {name}.{node.attr}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in CLOCK_MODULES:
                    yield f"line {node.lineno}: import {alias.name}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "") in CLOCK_MODULES | {"django.utils.timezone"}:
            yield f"line {node.lineno}: from {node.module} import …"


def test_rules_and_engine_read_no_clock() -> None:
    """`as_of` is a parameter: the same facts give the same answer on any day."""
    found = [f"{name_of(path)}: {what}" for path in pure_modules() for what in clock_reads(tree(path))]
    assert not found


def test_the_clock_test_bites() -> None:
    sample = "import time\nfrom datetime import date, datetime\ndate.today()\ndatetime.now()\nx.today\n"
    assert len(list(clock_reads(ast.parse(sample)))) == 3


def test_no_file_is_too_long_to_read() -> None:
    long = {}
    for path in own_files(".py", ".html", ".js", ".css", ".sh"):
        if "/migrations/" in name_of(path):
            continue
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > MOST_LINES:
            long[name_of(path)] = lines
    assert not long


FORBIDDEN = {
    "a package index": re.compile(
        r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmmirror|deb\.debian\.org|security\.debian\.org|snapshot\.debian|"
        r"\.tuna\.tsinghua|mirrors\.aliyun|/opt/(?:pypi|wheels)"
    ),
    "a path of one machine": re.compile(r"(?<![\w.$}])/(?:work|root|home)/\w"),
    "a mobile number": re.compile(r"(?<![\w.\-])(?:\+?86[- ]?)?1[3-9]\d{9}(?![\w.\-])"),
    "a land line": re.compile(r"(?<![\w.\-])0\d{2,3}[- ]\d{7,8}(?![\w\-])"),
    "a mail address": re.compile(
        r"(?<![\w./:@])[\w.+-]+@(?!(?:[\w-]+\.)*(?:invalid|test|example|localhost)\b|(?:[\w-]+\.)*example\.(?:com|org|net)\b)"
        r"[\w-]+(?:\.[\w-]+)+"
    ),
}
# Cut across because this file is read too; the vendored licences name their authors.
SELF = Path(__file__).resolve()
HASH = re.compile(r"(?:sha256|sha384|sha512)[:-][0-9A-Za-z+/=]+")


def forbidden_words(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(HASH.sub("", line))
            if found:
                yield f"line {number}: {what}: {found.group()}"


def test_no_file_names_an_index_a_machine_or_a_person() -> None:
    found = []
    for path in tracked():
        name = name_of(path)
        if path == SELF or "/vendor/" in name or "licen" in name.lower():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {what}" for what in forbidden_words(text)]
    assert not found


def test_the_word_test_bites() -> None:
    # Put together here, so that this file does not itself hold what it looks for.
    bad = ["see https://" + "pypi" + ".org/simple", "open /" + "work/x", "call 138" + "12345678", "call 010-12345678"]
    bad.append("a.b@" + "corp.cn")
    good = ["a@example.org", "noreply@x.invalid", "2025-11-04", "4845283.52", "/home", "user:pw@host:587", "v1.2@3"]
    assert [len(list(forbidden_words(line))) for line in bad] == [1] * len(bad)
    assert [list(forbidden_words(line)) for line in good] == [[]] * len(good)
