"""python -m bench [--quick] [SCRIPT…]: run the scripts of this folder, print their rows, write bench/results.md."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SHARED = {"__init__", "__main__", "harness"}
RESULTS = (
    "# Side-by-side figures\n\nWritten by `bin/bench`; ratios count, milliseconds are this machine's (see README.md)."
)
HEADER = ("job", "variant", "size", "median (span)", "ratio", "goal", "holds")


def scripts() -> list[str]:
    """Names of the scripts: every module here that is not part of the harness."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in SHARED)
    return [name for name in names if not name.startswith("_")]


def line(row: dict) -> tuple[str, ...]:
    counts = ", ".join(f"{value} {name}" for name, value in row["counts"].items())
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}×"
    holds = {True: "yes", False: "NO", None: "too noisy" if row["goal"] else ""}[row["holds"]]
    return (row["job"], row["variant"], row["size"], "; ".join(filter(None, (row["figure"], counts))), ratio,
            row["goal"], holds)  # fmt: skip


def table(rows: Sequence[dict]) -> str:
    lines = [HEADER, *(line(row) for row in rows)]
    text = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([text[0], "|" + "---|" * len(HEADER), *text[1:]])


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {memory} GiB, {platform.system()}"


def record(tables: Mapping[str, str]) -> None:
    """Write the tables into bench/results.md, each under its script's name; other scripts' tables stay."""
    path = FOLDER / "results.md"
    kept = path.read_text(encoding="utf-8").split("\n## ")[1:] if path.exists() else []
    sections = {text.partition("\n")[0]: text.partition("\n")[2].strip() for text in kept}
    stamp = datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
    sections |= {name: f"{stamp}; {machine()}\n\n{text}" for name, text in tables.items()}
    parts = [RESULTS, *(f"## {name}\n\n{sections[name]}" for name in sorted(sections) if name in scripts())]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def one(name: str) -> int:
    """Run one script here and hand its rows to the parent on the last line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that its servers are stopped, not orphaned
    rows = importlib.import_module(f"bench.{name}").run()
    print("\n" + json.dumps([row.to_json() for row in rows], ensure_ascii=False))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="SCRIPT", help=f"default: all of {', '.join(scripts())}")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds: proves that it runs, no more")
    parser.add_argument("--only-this", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.names) - set(scripts())
    if unknown:
        parser.error(f"no such script: {', '.join(sorted(unknown))}; there are {', '.join(scripts())}")
    if options.only_this:
        return one(options.names[0])
    environment = os.environ | ({"BENCH_QUICK": "1"} if options.quick else {})
    rows: list[dict] = []
    tables: dict[str, str] = {}
    broken = []
    for name in options.names or scripts():
        print(f"== {name}", file=sys.stderr)
        command = [sys.executable, "-m", "bench", "--only-this", name]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            broken.append(name)
            continue
        found = json.loads(done.stdout.rstrip().rpartition("\n")[2])
        rows += found
        tables[name] = table(found)
        print(tables[name], flush=True)
    if not options.quick:
        record(tables)
    for name in broken:
        print(f"!! {name} did not finish", file=sys.stderr)
    missed = [row for row in rows if row["holds"] is False]
    return 1 if broken or missed else 0


if __name__ == "__main__":
    sys.exit(main())
