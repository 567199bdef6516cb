"""The renderers of this process: few, warm, renewed now and then, each a child with limits (documents.worker).

A job that costs too much or breaks its renderer is refused with a sentence; the next job gets a new renderer."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from contracts.errors import Refused
from documents.worker import receive, send

PROCESSES = 2
CPU_SECONDS = 20
# Shorter than the web server's own patience (60 s), so that a person is told rather than cut off.
WALL_SECONDS = 40
WAIT_SECONDS = 15
JOBS = 500
LARGEST_MB = 350
log = logging.getLogger(__name__)


class _Renderer:
    """One child process, used by one thread at a time."""

    def __init__(self, cpu_seconds: int) -> None:
        self.cpu_seconds = cpu_seconds
        self.jobs = 0
        self.peak_mb = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "documents.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env=_environment(),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    @property
    def usable(self) -> bool:
        return self._process.poll() is None and self.jobs < JOBS and self.peak_mb < LARGEST_MB

    def ask(self, job: bytes) -> tuple[dict[str, Any], bytes]:
        """Head and body of the answer; raises EOFError if the process ended instead of answering."""
        self.jobs += 1
        timer = threading.Timer(WALL_SECONDS, self._process.kill)
        timer.start()
        try:
            send(self._in, {"cpu_seconds": self.cpu_seconds}, job)
            head, body = receive(self._out)
        except BrokenPipeError as error:
            raise EOFError from error
        finally:
            timer.cancel()
        self.peak_mb = head["peak_mb"]
        return head, body

    def close(self) -> int:
        """End the process; how it ended (negative: by that signal)."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            status = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._out.close()
        return status


def _environment() -> dict[str, str]:
    """What the child may know of ours: no settings, no addresses, no secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    cache = os.environ.get("XDG_CACHE_HOME") or str(settings.DATA_DIR / "cache")
    return kept | {
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",  # that no font is installed: none shall be
        "XDG_CACHE_HOME": cache,
        "FONTCONFIG_FILE": str(settings.BASE_DIR / "documents" / "fonts.conf"),
    }


class Pool:
    """At most `size` renderers, started when first needed; a job may use `cpu_seconds`."""

    def __init__(self, size: int = PROCESSES, cpu_seconds: int = CPU_SECONDS) -> None:
        self._cpu_seconds = cpu_seconds
        self._slots: queue.LifoQueue[_Renderer | None] = queue.LifoQueue()
        for _slot in range(size):
            self._slots.put(None)

    def run(self, job: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """The PDF of a job (fields of documents.worker.Renderer.render) and what it cost ("cpu" in seconds, "peak_mb").

        Raises Refused when the job is too large, too deep or too slow, or when all renderers stay busy.
        """
        body = json.dumps(job).encode()
        try:
            renderer = self._slots.get(timeout=WAIT_SECONDS)
        except queue.Empty as error:
            raise Refused(_("Other documents are being printed right now. Try again in a minute.")) from error
        try:
            if renderer is None or not renderer.usable:
                if renderer is not None:
                    renderer.close()
                renderer = None  # should starting fail, the slot stays empty
                renderer = _Renderer(self._cpu_seconds)
            head, pdf = renderer.ask(body)
        except EOFError:
            status = renderer.close() if renderer else 0
            renderer = None
            log.error("A renderer ended with status %s instead of answering.", status)
            if status in (-signal.SIGXCPU, -signal.SIGKILL):
                raise Refused(_too_much()) from None
            raise Refused(_broken()) from None
        finally:
            self._slots.put(renderer)
        if head["error"] in {"depth", "memory"}:
            raise Refused(_too_much())
        if head["error"]:
            log.error("A document could not be rendered: %s", head["detail"])
            raise Refused(_broken())
        return pdf, head

    def close(self) -> None:
        """End all renderers that are not at work."""
        with contextlib.suppress(queue.Empty):
            while True:
                renderer = self._slots.get_nowait()
                if renderer is not None:
                    renderer.close()


def _too_much() -> str:
    return _("The document is too large to print in one piece. Narrow it down, for example to a shorter period.")


def _broken() -> str:
    return _("The document could not be printed. Tell the administrator; the log says why.")


_pool: Pool | None = None
_making = threading.Lock()


def pool() -> Pool:
    """This process's renderers."""
    global _pool
    with _making:
        if _pool is None:
            _pool = Pool()
        return _pool


def _forget() -> None:
    """In a forked child: the renderers are its parent's, the lock may have been held."""
    global _pool, _making
    _pool, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
