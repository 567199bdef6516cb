"""Printed documents: the one-page approval form against an equal form in a Latin font of a hundred glyphs (the least a
form can cost in this renderer), against the whole Chinese fonts instead of the subset cut once, through the product's
pool, in two processes against one; and what a ledger of 300 entries costs."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.harness import QUICK, Row, Variant, aa_row, judge, measure

JOB = "pdf"
ROUNDS = 3 if QUICK else 15
BATCH = 4 if QUICK else 6
ENTRIES = 60 if QUICK else 300
CPU_SECONDS, MEMORY_MB = 20, 400
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
PARTIES = {
    "number": "BENCH-2025-01",
    "title": "政务云服务合同",
    "currency": "CNY",
    "total": "4845283.52",
    "signed_on": "2025-06-25",
    "buyer": "某某市某某局信息中心",
    "vendor": "某某云技术有限公司",
}


def issued(content: Mapping[str, Any]) -> dict[str, Any]:
    """Frozen facts around a content."""
    return {
        "layout": 2,
        "number": "BENCH-2025-01-FK-2025-0001",
        "issued_at": "2025-10-20T02:00:00+00:00",
        "issued_on": "2025-10-20",
        "issued_by": "bench",
        "verify_url": "https://bench.example.invalid/verify/0123456789012345678901234567890123456789012/",
        "content": {"contract": PARTIES, **content},
    }


def form() -> dict[str, Any]:
    """An approval form with a deduction, two invoices and two sentences of derivation: one full page."""
    return issued(
        {
            "kind": "payment_approval",
            "payee": {
                "name": "某某云技术有限公司",
                "bank": "某某银行某某市某某支行",
                "account": "11001234567890123456",
            },
            "milestone": {
                "title": "第一笔合同款",
                "clause": "7.2(1)",
                "position": 1,
                "count": 3,
                "amount": "1211320.88",
                "paid_before": "0.00",
                "frozen": "0.00",
            },
            "deductions": [
                {
                    "number": "BENCH-2025-01-D-2025-0001",
                    "title": "月度报告迟交",
                    "clause": "附件 3",
                    "deducted_on": "2025-10-12",
                    "amount": "11320.88",
                }
            ],
            "application": {
                "number": "BENCH-2025-01-A-2025-0001",
                "amount": "1200000.00",
                "capitals": "壹佰贰拾万元整",
                "state": "approved",
                "note": "按合同约定支付第一笔款。",
                "applied_by": "经办人",
                "applied_on": "2025-10-17",
                "decided_by": "审批人",
                "decided_on": "2025-10-18",
                "decision_note": "同意支付。",
            },
            "paid_before": "0.00",
            "paid_after": "1200000.00",
            "due": {
                "state": "known",
                "on": "2025-11-04",
                "safe_on": "2025-11-04",
                "derivation": [f"第 {n} 步：自合同生效之日起按法定工作日计算，遇节假日顺延。" for n in range(1, 3)],
            },
            "invoices": [
                {
                    "number": f"2511200000001234567{n}",
                    "issued_on": "2025-10-09",
                    "amount": "403773.62",
                    "checked_by": "核验人",
                    "checked_on": "2025-10-16",
                }
                for n in range(2)
            ],
            "payment": None,
        }
    )  # fmt: skip


def ledger(entries: int) -> dict[str, Any]:
    """A payment ledger of so many entries."""
    return issued(
        {
            "kind": "payment_ledger",
            "milestones": [
                {"position": n, "title": f"第 {n} 笔合同款", "clause": f"7.2({n})", "amount": "10000000.00",
                 "deducted": "0.00", "paid": "3000000.00"}
                for n in range(1, 4)
            ],
            "entries": [
                {
                    "on": f"2025-{1 + n % 12:02d}-15",
                    "recorded": "",
                    "what": "付款",
                    "milestone": f"第 {1 + n % 3} 笔合同款",
                    "voucher": f"BENCH-2025-01-A-2025-{n:04d}",
                    "reference": f"20251015{n:010d}",
                    "paid": "30000.00",
                    "deducted": "",
                }
                for n in range(entries)
            ],
        }
    )  # fmt: skip


def in_latin(html: str) -> str:
    """The same form with three Latin letters for two Chinese characters, in words of six: about as wide."""
    count = 0

    def letters(_found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        pair = LETTERS[count % 26] + LETTERS[(count * 7) % 26]
        return (pair if count % 2 else pair[:1]) + ("" if count % 4 else " ")

    return re.sub(r"[\u2e80-\uffff]", letters, html)


def latin_faces(folder: Path) -> dict[str, str]:
    """Both faces cut down to ASCII."""
    from fontTools import subset

    from documents import fonts

    paths = {}
    for face in fonts.FACES:
        options = subset.Options(hinting=False)
        font = subset.load_font(str(fonts.full_path(face)), options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[*range(0x20, 0x7F), 0xA5, 0x2212])
        cutter.subset(font)
        paths[f"{face}-common"] = str(folder / f"{face}-latin.otf")
        subset.save_font(font, paths[f"{face}-common"], options)
    return paths


def named(job: Mapping[str, Any], family: str) -> dict[str, Any]:
    """The job under families of another name: a renderer keeps the first font it met under a name."""
    return {**job, "css": job["css"].replace('"Document ', f'"{family} ')}


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-pdf-") as folder:
        root = Path(__file__).resolve().parents[1]
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": folder,
            "XDG_CACHE_HOME": f"{folder}/cache",
            "FONTCONFIG_FILE": str(root / "documents" / "fonts.conf"),
        }
        import django

        django.setup()
        return _measured(Path(folder))


def _measured(folder: Path) -> list[Row]:
    from documents import fonts, printed
    from documents.printing import Pool
    from documents.worker import Renderer

    given = printed.render_job(form())
    whole = named(given, "Whole") | {"fonts": {f"{face}-common": str(fonts.full_path(face)) for face in fonts.FACES}}
    latin = named(given, "Latin") | {"html": in_latin(given["html"]), "fonts": latin_faces(folder)}
    renderer, one, two = Renderer(), Pool(size=1), Pool(size=2)
    bytes_now = renderer.render(**given)
    assert renderer.render(**given) == bytes_now == one.run(given)[0], "the same facts gave other bytes"

    def batch(pool: Pool, callers: int) -> None:
        with ThreadPoolExecutor(callers) as threads:
            list(threads.map(lambda _number: pool.run(given), range(BATCH)))

    batch(two, 2)  # both processes are warm
    times = measure(
        {
            "anchor": Variant(lambda: renderer.render(**latin)),
            "again": Variant(lambda: renderer.render(**latin)),
            "product": Variant(lambda: renderer.render(**given)),
            "whole": Variant(lambda: renderer.render(**whole)),
        },
        rounds=ROUNDS,
        clock=time.process_time,
    )
    aa = times["again"].ratio(times["anchor"])
    product, whole_ratio = times["product"].ratio(times["anchor"]), times["whole"].ratio(times["product"])
    batches = measure(
        {
            "one": Variant(lambda: batch(one, 1)),
            "again": Variant(lambda: batch(one, 1)),
            "two": Variant(lambda: batch(two, 2)),
        },
        rounds=ROUNDS,
    )
    batches_aa = batches["again"].ratio(batches["one"])
    speedup = batches["one"].ratio(batches["two"])
    long = Pool(size=1)
    _body, cost = long.run(printed.render_job(ledger(ENTRIES)))
    for pool in (one, two, long):
        pool.close()
    size, lines, batched = "one page, CPU", f"{ENTRIES} entries", f"{BATCH} forms"
    return [
        Row(JOB, "anchor: the form in a Latin font of 97 glyphs", size, times["anchor"].text, 1.0),
        aa_row(JOB, size, aa),
        Row(JOB, "product: the form, faces cut to common characters", size, times["product"].text, product,
            "≤ 2× Latin", judge(product, 2, aa)),
        Row(JOB, "whole Chinese fonts, against the product", size, times["whole"].text, whole_ratio,
            "≥ 1.2× the product", judge(whole_ratio, 1.2, aa, at_least=True)),
        Row(JOB, "one renderer process, by the clock", batched, batches["one"].text, 1.0),
        aa_row(JOB, batched, batches_aa),
        Row(JOB, "two renderer processes, times as fast", batched, batches["two"].text, speedup,
            "≥ 1.5× one", judge(speedup, 1.5, batches_aa, at_least=True)),
        Row(JOB, "ledger: CPU", lines, f"{cost['cpu']:.3g} s", None, f"≤ {CPU_SECONDS} s", cost["cpu"] <= CPU_SECONDS),
        Row(JOB, "ledger: largest resident size", lines, f"{cost['peak_mb']} MB", None, f"≤ {MEMORY_MB} MB",
            cost["peak_mb"] <= MEMORY_MB),
    ]  # fmt: skip
