"""The Chinese catalogue: complete, true to the source strings, punctuated in Chinese, and nothing left unextracted."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.formats import date_format

from web.words import cause_words, duration_words, step_words

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
ENTRY = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")$')
# %(name)s, {name}, and the tags that stand inside sentences.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}|%%|</?[a-z]>")
HALF_WIDTH = re.compile(r"[一-龥][,;:()?!]")


@dataclass
class Entry:
    flags: str = ""
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.parts.get("msgctxt", ""), self.parts["msgid"], self.parts.get("msgid_plural", ""))

    @property
    def texts(self) -> list[str]:
        return [text for name, text in self.parts.items() if name.startswith("msgstr")]


def entries(path: Path) -> list[Entry]:
    """The entries of a .po file in force, without its head."""
    found: list[Entry] = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        entry, name = Entry(), ""
        for line in block.splitlines():
            if line.startswith("#,"):
                entry.flags += line
            elif match := ENTRY.match(line):
                name = match[1]
                entry.parts[name] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                entry.parts[name] += ast.literal_eval(line)
        if entry.parts.get("msgid"):
            found.append(entry)
    return found


@pytest.fixture(scope="module")
def catalogue() -> list[Entry]:
    return entries(CATALOGUE)


def test_every_entry_is_translated_and_none_is_a_guess(catalogue):
    assert len(catalogue) > 1000
    assert [entry.key for entry in catalogue if not all(entry.texts)] == []
    assert [entry.key for entry in catalogue if "fuzzy" in entry.flags] == []
    # Chinese has one form of the plural.
    assert [entry.key for entry in catalogue if len(entry.texts) != 1] == []


def test_placeholders_are_those_of_the_source(catalogue):
    for entry in catalogue:
        _context, source, plural = entry.key
        wanted = sorted(PLACEHOLDER.findall(plural or source))
        assert sorted(PLACEHOLDER.findall(entry.texts[0])) == wanted, entry.key


def test_punctuation_after_chinese_characters_is_full_width(catalogue):
    assert [entry.texts[0] for entry in catalogue if HALF_WIDTH.search(entry.texts[0])] == []


def test_source_strings_are_english(catalogue):
    assert [entry.key for entry in catalogue if re.search(r"[一-龥]", entry.parts["msgid"])] == []


def test_makemessages_finds_nothing_new_and_nothing_gone(tmp_path, catalogue):
    if shutil.which("xgettext") is None:
        pytest.fail("gettext is not installed: apt-get install gettext")
    copy = tmp_path / "tree"
    left_out = shutil.ignore_patterns(".*", "var", "tests", "bench", "docs", "static", "locale", "__pycache__", "data")
    shutil.copytree(ROOT, copy, ignore=left_out)
    (copy / "locale").mkdir()
    subprocess.run(
        [
            sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--extension", "html,txt,py",
            "--ignore", "scripts/*", "--ignore", "requirements*.txt", "--no-wrap", "-v", "0",
        ],
        cwd=copy, check=True, timeout=300,
    )  # fmt: skip
    extracted = {entry.key for entry in entries(copy / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po")}
    known = {entry.key for entry in catalogue}
    assert extracted - known == set(), "Translate these: makemessages -l zh_Hans --extension html,txt,py"
    assert known - extracted == set(), "Remove these from the catalogue: no source holds them."


def test_codes_and_weekdays_are_words_of_the_readers_language():
    with translation.override("zh-hans"):
        assert step_words("T-30") == "提前 30 天"
        assert step_words("overdue-2026-11-23") == "逾期催办"
        assert step_words("escalate-1") == "升级 1"
        assert cause_words("fact:event.x", {"event.x": "验收单签署"}) == "登记事实：验收单签署"
        assert duration_words("15 minutes") == "15 分钟"
        assert date_format(date(2026, 11, 23), "D") == "星期一"
    with translation.override("en"):
        assert step_words("T-30") == "30 days before"
        assert cause_words("version:2") == "version 2 in force"
