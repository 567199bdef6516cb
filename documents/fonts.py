"""The two Chinese faces of printed documents: Noto Serif SC for text, Noto Sans SC for headings and amounts.

Each exists twice: a subset of the common characters (GB 2312, Latin, symbols), built once into DATA_DIR, which makes a
render several times cheaper; and the full font, loaded only when a text needs a rare name character. No system font is
ever used: what neither covers is shown as 〓, the sign for a missing type, not as whatever a machine has installed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Literal

import pylopdf_fonts_zh_cn
from django.conf import settings
from fontTools import subset
from fontTools.ttLib import TTFont

Face = Literal["serif", "sans"]
FACES: tuple[Face, ...] = ("serif", "sans")
MISSING = "〓"
# Latin-1, general punctuation, currency, letterlike, arrows, mathematics, enclosed, box and geometric shapes, CJK
# punctuation, full-width forms.
_RANGES = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x203B), (0x20A0, 0x20BF), (0x2100, 0x2127), (0x2150, 0x218B),
    (0x2190, 0x2193), (0x2200, 0x22FF), (0x2460, 0x24FF), (0x2500, 0x25FF), (0x3000, 0x3017), (0xFF01, 0xFFE6),
)  # fmt: skip


def full_path(face: Face) -> Path:
    """The whole font, from the installed package."""
    return pylopdf_fonts_zh_cn.serif_path() if face == "serif" else pylopdf_fonts_zh_cn.sans_path()


def _gb2312() -> set[int]:
    found = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


@cache
def coverage(face: Face) -> frozenset[int]:
    """Code points the whole font has."""
    with TTFont(full_path(face), lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def common() -> frozenset[int]:
    """Code points of the subsets: common and present in both faces."""
    wanted = _gb2312().union(*(range(first, last + 1) for first, last in _RANGES))
    return frozenset(wanted & coverage("serif") & coverage("sans"))


def _build(source: Path, target: Path) -> None:
    """Write the subset beside its final name, then move it there: two processes may build at once."""
    options = subset.Options(hinting=False, notdef_outline=True, recalc_timestamp=False)
    options.layout_features = ["kern", "palt", "locl", "ccmp", "mark", "mkmk"]
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=common())
    cutter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    os.close(handle)
    try:
        subset.save_font(font, name, options)
        os.chmod(name, 0o640)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def common_path(face: Face) -> Path:
    """The subset, built on first use; its name carries what it was made from, so an update builds a new one."""
    source = full_path(face)
    made_from = f"{source.name}:{source.stat().st_size}:{hashlib.sha256(repr(sorted(common())).encode()).hexdigest()}"
    digest = hashlib.sha256(made_from.encode()).hexdigest()[:16]
    target = Path(settings.DATA_DIR) / "fonts" / f"{source.stem}-{digest}.otf"
    if not target.exists():
        _build(source, target)
    return target


def printable(text: str) -> str:
    """The text as it can be set: control and direction characters go, characters no face has become 〓."""
    known = coverage("serif") & coverage("sans")
    kept = (
        char
        for char in text.replace("\r\n", "\n").replace("\t", " ")
        if char == "\n" or (ord(char) >= 0x20 and not 0x7F <= ord(char) < 0xA0 and char not in _DIRECTION)
    )
    return "".join(char if char == "\n" or ord(char) in known else MISSING for char in kept)


# Left alone, these reorder what stands around them: an account number could be made to read backwards.
_DIRECTION = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)


def needs_full(text: str) -> bool:
    """Whether the text has a character outside the subsets."""
    return not {ord(char) for char in text if char != "\n"} <= common()
