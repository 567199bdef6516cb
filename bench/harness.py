"""How figures are taken here: variants side by side in one run, in shuffled rounds, against an anchor that is measured
twice (A/A). Shared machines are noisy: ratios within a run count, milliseconds of different runs do not.

A script in this folder is a module with `def run() -> list[Row]`; `bin/bench` runs each in a process of its own."""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

QUICK = bool(os.environ.get("BENCH_QUICK"))
ROUNDS = 3 if QUICK else 11
AA_LOW, AA_HIGH = 0.8, 1.25


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report. `ratio` is against the job's anchor (None for counts); `goal` as a sentence; `holds` is
    None if nothing is judged: a figure for information, or a run too noisy to judge."""

    job: str
    variant: str
    size: str
    figure: str
    ratio: float | None = None
    goal: str = ""
    holds: bool | None = None
    counts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Variant:
    """`run` is timed; `reset` brings the state back before it, outside the clock."""

    run: Callable[[], Any]
    reset: Callable[[], Any] = lambda: None


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of every round kept, in the order of the rounds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def text(self) -> str:
        """Median and span in milliseconds."""
        low, high = min(self.seconds) * 1000, max(self.seconds) * 1000
        return f"{self.median * 1000:.3g} ms ({low:.3g}–{high:.3g})"

    def ratio(self, anchor: Timing) -> float:
        """Ratio of the medians."""
        return self.median / anchor.median


def measure(
    variants: Mapping[str, Variant], *, rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Timing]:
    """Time every variant once a round, in an order shuffled anew each round; one warm-up round is dropped. `clock` may
    be time.process_time for work that is done in this process alone: others on the machine then hardly disturb."""
    order = list(variants)
    taken: dict[str, list[float]] = {name: [] for name in order}
    shuffle = random.Random(20250630).shuffle
    for number in range(rounds + 1):
        shuffle(order)
        for name in order:
            variants[name].reset()
            gc.collect()
            gc.disable()
            began = clock()
            variants[name].run()
            seconds = clock() - began
            gc.enable()
            if number:
                taken[name].append(seconds)
    return {name: Timing(tuple(seconds)) for name, seconds in taken.items()}


def judge(ratio: float, limit: float, aa: float, *, at_least: bool = False) -> bool | None:
    """Whether the goal holds; None if the A/A line of the run says that it is too noisy to tell."""
    if not AA_LOW <= aa <= AA_HIGH:
        return None
    return ratio >= limit if at_least else ratio <= limit


def aa_row(job: str, size: str, ratio: float) -> Row:
    """The anchor against itself: what a ratio of this run can prove."""
    quiet = AA_LOW <= ratio <= AA_HIGH
    return Row(job, "anchor again (A/A)", size, "quiet enough" if quiet else "too noisy, not judged", ratio)
