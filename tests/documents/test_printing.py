"""The printer: what a PDF of ours is like, that it fetches nothing whatever it is given, and what it may cost."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from bench.pdf import ledger
from contracts.errors import Refused
from documents import fonts, printed, printing
from documents.papers import KINDS
from documents.printing import Pool
from documents.worker import ClosedFetcher, _guard
from tests.documents.contents import facts_of, poisoned
from tests.documents.samples import FACTS, changed, pages_of, squeezed, text_of

A4_WIDTH, RIGHT_MARGIN, LEFT_MARGIN = 595.3, 42.5, 70.8  # points


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Refusals are read in the language they are written in; the papers stay Chinese."""
    with translation.override("en"):
        yield


def objects_of(body: bytes) -> bytes:
    """The PDF with its compressed streams opened, to look for words of its structure."""
    opened = [body]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", body, re.DOTALL):
        try:
            opened.append(zlib.decompress(found.group(1)))
        except zlib.error:
            continue
    return b"\n".join(opened)


def told(body: bytes, *command: str) -> str:
    """What a program says about a PDF."""
    return subprocess.run(command, input=body, capture_output=True, check=True).stdout.decode()


def widest(body: bytes) -> tuple[float, float]:
    """Where the leftmost word begins and the rightmost ends, in points."""
    found = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=body, capture_output=True, check=True
    ).stdout.decode()
    left = [float(x) for x in re.findall(r'<word xMin="([\d.]+)"', found)]
    right = [float(x) for x in re.findall(r'xMax="([\d.]+)"', found)]
    return min(left), max(right)


# --- what a PDF of ours is like --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_paper_is_tagged_titled_and_in_its_margins(kind: str) -> None:
    body = printed.render_pdf(facts_of(kind))
    assert printed.render_pdf(facts_of(kind)) == body
    inside = objects_of(body)
    for word in (b"/StructTreeRoot", b"/Lang (zh-CN)", b"/Marked true", b"/DisplayDocTitle true", b"/TH", b"pdfuaid"):
        assert word in inside, word
    about = told(body, "pdfinfo", "-")
    title = printed.context(facts_of(kind))["title"]
    for words in (f"Title:           {title} {FACTS['number']}", "Tagged:          yes", "(A4)"):
        assert words in about, words
    left, right = widest(body)
    assert left >= LEFT_MARGIN - 1, "room for the binding"
    assert right <= A4_WIDTH - RIGHT_MARGIN + 1
    text = text_of(body)
    assert "核验地址二维码" not in text, "the picture of the code is there, not the words for it"
    assert "第 1 页，共 1 页" in text
    assert FACTS["verify_url"] in text
    rows = (
        subprocess.run(["pdffonts", "-"], input=body, capture_output=True, check=True).stdout.decode().splitlines()[2:]
    )
    for row in rows:
        assert "+Document-S" in row, row
        assert row.split()[-5:-2] == ["yes", "yes", "yes"], "embedded, a subset, with Unicode"


def test_no_line_begins_with_a_mark_that_closes_or_ends_with_one_that_opens() -> None:
    words = "因财政（预算）资金安排：“第一笔款”、“第二笔款”，须待批复；特此告知。" * 12
    facts = facts_of("delay_notice")
    facts["content"]["reason"] = words
    body = printed.render_pdf(facts)
    lines = [line.strip() for line in text_of(body).splitlines() if line.strip()]
    assert len(lines) > 12
    for line in lines:
        assert line[0] not in "，。；：、”）》！？", line
        assert line[-1] not in "“（《", line


def test_a_long_ledger_repeats_its_head_and_loses_no_row() -> None:
    body, cost = printing.pool().run(printed.render_job(ledger(300)))
    assert cost["peak_mb"] <= 400
    pages = pages_of(body)
    assert len(pages) > 6
    for number, page in enumerate(pages, start=1):
        assert f"第 {number} 页，共 {len(pages)} 页" in page
        if re.search(r"A-2025-\d{4}", page):
            assert re.search(r"序号\s+日期\s+类别", page), f"page {number} has rows without their head"
    text = squeezed(body)
    assert all(f"A-2025-{number:04d}" in text for number in range(300))
    assert "合计（300笔）¥0.00¥9,000,000.00" in text


def test_a_place_to_sign_is_never_alone_on_a_page() -> None:
    seen = set()
    for entries in range(24, 28):
        pages = pages_of(printed.render_pdf(ledger(entries)))
        seen.add(len(pages))
        assert "签章" in pages[-1]
        assert "合计（" in pages[-1], f"{entries} entries leave the signatures alone"
    assert len(seen) > 1, "the lengths tried cross a page's end"


# --- hostile text ----------------------------------------------------------------------------------------------


HOSTILE = (
    "<img src='{url}'><link rel=attachment href='{file}'><style>@import url({url});"
    "*{{background:url({url})}}</style><iframe src='{file}'></iframe><object data='{url}'></object>"
    "</td></table><base href='{url}'>{{{{ secret }}}}{{% include 'web/base.html' %}}\u202e\x00\x07"
)
# What a template would have to let through for a fetch to be tried at all.
UNESCAPED = (
    '<link rel="stylesheet" href="{url}"><link rel="attachment" href="{file}"><style>@import "{url}";'
    "@font-face {{ font-family: x; src: url({url}) }} p {{ font-family: x; background: url({url}) }}</style>"
    '<img src="{url}"><img src="{file}"><svg><image href="{url}"/></svg><object data="{file}"></object><p>text'
)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_in_every_field_fetches_nothing_and_stays_text(
    kind: str, listener: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, hits = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET-CONTENT")
    facts = facts_of(kind)
    facts["content"] = poisoned(facts["content"], HOSTILE.format(url=url, file=secret.as_uri()))
    body = printed.render_pdf(facts)
    inside = objects_of(body)
    for word in (b"TOP-SECRET", b"/EmbeddedFile", b"/URI"):
        assert word not in inside, word
    assert squeezed(body).count("rel=attachment") > 3
    assert hits == []


@pytest.mark.parametrize("kind", ["payment_approval", "payment_ledger"])
def test_no_text_breaks_out_of_its_cell(kind: str) -> None:
    text = "W" * 80 + "无" * 80 + "אבגד" * 15 + "a\u0301\u202e\x07\t\n" * 9 + "😀" * 9
    facts = facts_of(kind)
    facts["content"] = poisoned(facts["content"], text)
    left, right = widest(printed.render_pdf(facts))
    assert left >= LEFT_MARGIN - 1
    assert right <= A4_WIDTH - RIGHT_MARGIN + 1


def test_long_words_are_all_there() -> None:
    assert squeezed(printed.render_pdf(changed(("application", "note"), "W" * 900))).count("W") == 900


def test_the_renderer_fetches_nothing_even_for_markup(listener: tuple[str, list[str]], tmp_path: Path) -> None:
    url, hits = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET-CONTENT")
    job = printed.render_job(FACTS)
    markup = UNESCAPED.format(url=url, file=secret.as_uri())
    body, _cost = printing.pool().run(job | {"html": f'<html lang="zh-CN"><title>x</title><body>{markup}'})
    inside = objects_of(body)
    assert b"TOP-SECRET" not in inside
    assert b"/EmbeddedFile" not in inside
    assert hits == []


def test_the_fetcher_serves_our_fonts_and_pictures_in_the_page_alone(listener: tuple[str, list[str]]) -> None:
    url, hits = listener
    fetcher = ClosedFetcher({"serif-common": str(fonts.common_path("serif"))})
    for address in (url, "file:///etc/passwd", "ftp://127.0.0.1/x", "font:serif-../../etc/passwd", "font:mono-full"):
        with pytest.raises(ValueError):
            fetcher.fetch(address)
    assert hits == []
    assert fetcher.fetch("data:text/plain,hello").read() == b"hello"
    assert fetcher.fetch("font:serif-common").read()[:4] == b"OTTO"


def test_the_renderer_opens_no_socket_starts_no_program_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.system", "os.fork"):
        with pytest.raises(PermissionError):
            _guard(event, ())
    _guard("open", ())
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://x:s3cret@db/x")
    assert "s3cret" not in "".join(printing._environment().values())
    assert settings.SECRET_KEY not in printing._environment().values()


# --- what it may cost ------------------------------------------------------------------------------------------


def page(body: str, css: str = "") -> dict[str, Any]:
    job = printed.render_job(FACTS)
    return job | {"html": f'<html lang="zh-CN"><title>x</title><body>{body}', "css": job["css"] + css}


def test_too_much_is_refused_and_the_next_job_is_printed() -> None:
    small = Pool(size=1, cpu_seconds=2)
    row = "<tr>" + "<td>第 1 列 12,345.67</td>" * 8 + "</tr>"
    jobs = {
        "20,000 rows": page(f"<table>{row * 20_000}</table>"),
        "depth 2,000": page("<div>" * 2_000 + "x"),
        "pages of a pixel": page("x " * 30_000, "@page { size: 1px; margin: 0 }"),
    }
    for name, job in jobs.items():
        with pytest.raises(Refused, match="too large"):
            small.run(job)
        assert small.run(page("<p>好</p>"))[0].startswith(b"%PDF-"), f"after {name}"
    small.close()


def test_more_text_than_a_paper_holds_is_refused_before_it_is_laid_out() -> None:
    with pytest.raises(Refused, match="more text"):
        printed.render_pdf(changed(("application", "note"), "长" * 4_000_001))


def test_a_renderer_that_hangs_is_ended_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Pool(size=1)
    good = page("<p>好</p>")
    small.run(good)
    with monkeypatch.context() as patch:
        patch.setattr(printing, "WALL_SECONDS", 0)
        with pytest.raises(Refused):
            small.run(page("<p>好</p>" * 20_000))
    assert small.run(good)[0].startswith(b"%PDF-")
    small.close()


def test_whoever_finds_all_renderers_busy_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "WAIT_SECONDS", 0.01)
    with pytest.raises(Refused, match="right now"):
        Pool(size=0).run(page("<p>好</p>"))


def test_a_renderer_is_renewed_after_its_share_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Pool(size=1)
    monkeypatch.setattr(printing, "JOBS", 1)
    started = []
    real = printing._Renderer
    monkeypatch.setattr(printing, "_Renderer", lambda limit: started.append(limit) or real(limit))
    first, second = small.run(page("<p>好</p>"))[0], small.run(page("<p>好</p>"))[0]
    assert first == second
    assert len(started) == 2
    small.close()


# --- fonts -----------------------------------------------------------------------------------------------------


def test_the_subset_is_cut_once_and_again_for_another_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fonts.common_path("sans")
    before = path.stat().st_mtime_ns
    assert fonts.common_path("sans") == path
    assert path.stat().st_mtime_ns == before
    other = tmp_path / "Other.otf"
    other.write_bytes(fonts.full_path("sans").read_bytes() + b"\0")
    built: list[Path] = []
    monkeypatch.setattr(fonts, "full_path", lambda _face: other)
    monkeypatch.setattr(fonts, "_build", lambda _source, target: built.append(target))
    assert fonts.common_path("sans") != path
    assert len(built) == 1


@pytest.mark.parametrize("rare", ["䶮", "堃", "㛃"])
def test_a_rare_name_comes_from_the_whole_font(rare: str) -> None:
    assert fonts.needs_full(rare)
    body = printed.render_pdf(changed(("application", "applied_by"), f"财务{rare}"))
    assert f"财务{rare}" in text_of(body)
    assert "+Document-Serif-Full" in told(body, "pdffonts", "-")
