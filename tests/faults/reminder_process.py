"""Processes of their own that plan, sweep and dispatch, several at once, to be killed at will.

    python -m tests.faults.reminder_process

reads lines `VERB NOW COPIES` and forks that many processes for each (Django is loaded once). Answers the process ids
on one line, and for verbs that end a second line with their exit codes.

`sweep`: three times plan everything anew, then sweep. Planning rewinds the pointers, as it does whenever a fact
changes, so that every round tries to record the same reminders again. `forever`: the same until killed, in small
batches, and dispatch what waits. `repair`: plan, sweep, requeue.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime

import django


def work(verb: str, now: datetime) -> None:
    from obligations.models import Obligation, Reminder
    from obligations.services.reminders import dispatch, plan_reminders, requeue, sweep

    ids = list(Obligation.objects.order_by("pk").values_list("pk", flat=True))
    if verb == "sweep":
        for _ in range(3):
            plan_reminders(ids, now=now)
            sweep(now, size=20)
    elif verb == "repair":
        plan_reminders(ids, now=now)
        sweep(now)
        requeue(now)
    elif verb == "forever":
        while True:
            plan_reminders(ids, now=now)
            sweep(now, size=20)
            waiting = list(Reminder.objects.filter(state=Reminder.State.WAITING).values_list("pk", flat=True))
            for start in range(0, len(waiting), 20):
                dispatch(waiting[start : start + 20], now=now)
    else:
        raise SystemExit(f"unknown verb {verb!r}")


def fork(verb: str, now: datetime) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work(verb, now)
    except BaseException:  # noqa: BLE001 - the forked process must not run its parent's loop
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        verb, moment, copies = line.split()
        pids = [fork(verb, datetime.fromisoformat(moment)) for _ in range(int(copies))]
        print(*pids, flush=True)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        print(*codes, flush=True)


if __name__ == "__main__":
    django.setup()
    main()
