"""Several people pressing at the same moment: threads that start together, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

PATIENCE = 30  # seconds until the slowest has come to the start


def race(*acts: Callable[[], Any]) -> tuple[list[Any], list[BaseException]]:
    """Run the acts at once: what they returned and what they raised, each in the order of finishing."""
    start, results, errors = threading.Barrier(len(acts)), list[Any](), list[BaseException]()

    def run(act: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=PATIENCE)
            results.append(act())
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, errors


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """The same where nobody may fail in a way the act did not foresee: such an error is raised here."""
    results, errors = race(*acts)
    if errors:
        raise errors[0]
    return results
