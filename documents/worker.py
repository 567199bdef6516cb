"""The process that turns HTML into PDF. It knows no Django, no database and no secret, gets a job on its standard input
and answers on its standard output; the operating system bounds what a job may cost (security.md C19, F19, F20).

A job and an answer are each a JSON line with the length of the bytes after it. `python -m documents.worker` is started
and kept warm by documents.printing; the job fields are those of `Renderer.render`."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import resource
import signal
import sys
from collections.abc import Mapping
from typing import IO, Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

FONT_SCHEME = "font:"
ADDRESS_SPACE = 1_500 * 1024 * 1024
# What a renderer never needs: sockets and other programs. Refused below Python's libraries, whatever asks for them.
_NEVER = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "pty.", "ftplib.")


class ClosedFetcher(URLFetcher):
    """Serves `font:<name>` from the paths it was given and data: addresses; everything else is refused."""

    def __init__(self, fonts: Mapping[str, str]) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self.fonts = dict(fonts)

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        if url.startswith(FONT_SCHEME):
            path = self.fonts.get(url.removeprefix(FONT_SCHEME))
            if path is None:
                raise ValueError(f"No such font: {url[:200]}")
            with open(path, "rb") as file:
                return URLFetcherResponse(url, body=file.read(), headers={"Content-Type": "font/otf"})
        if not url.startswith("data:"):
            raise ValueError(f"Documents fetch nothing: {url[:200]}")
        return super().fetch(url, headers)


class Renderer:
    """Fonts and style sheets are read once and stay; one renderer per process."""

    def __init__(self) -> None:
        self._fonts = FontConfiguration()
        self._styles: dict[tuple[str, tuple[tuple[str, str], ...]], CSS] = {}

    def _style(self, css: str, fonts: Mapping[str, str]) -> CSS:
        key = (css, tuple(sorted(fonts.items())))
        if key not in self._styles:
            self._styles[key] = CSS(string=css, font_config=self._fonts, url_fetcher=ClosedFetcher(fonts))
        return self._styles[key]

    def render(self, *, html: str, css: str, fonts: Mapping[str, str], identifier: str) -> bytes:
        """The PDF (tagged, produced as PDF/UA-1) of `html` under `css`, whose @font-face rules name `fonts` (name →
        path). The bytes depend on the arguments alone; `identifier` is hexadecimal."""
        document = HTML(string=html, base_url=None, url_fetcher=ClosedFetcher({}))
        body: bytes = document.write_pdf(
            stylesheets=[self._style(css, fonts)],
            font_config=self._fonts,
            pdf_identifier=bytes.fromhex(identifier)[:16],
            pdf_variant="pdf/ua-1",
            optimize_images=False,
        )
        return body


def _guard(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_NEVER):
        raise PermissionError(f"The renderer may not use {event}.")


def _cpu_used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak_mb() -> int:
    """The largest resident size of this process in MB. Not ru_maxrss: that counts in the size of the process which
    started this one (a web worker), as Linux hands it on through fork and exec."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024


def _allow_cpu(seconds: int) -> None:
    """From now on so many seconds; the kernel ends the process after that (SIGXCPU), in C code as well."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(_cpu_used()) + seconds, hard))


def answer(renderer: Renderer, job: Mapping[str, Any], cpu_seconds: int) -> tuple[dict[str, Any], bytes]:
    """Do one job within so many CPU seconds. The head holds `error` ("depth", "memory" or "failed"; "" if all went
    well), the CPU seconds used and the largest resident size of the process so far in MB."""
    began = _cpu_used()
    _allow_cpu(cpu_seconds)
    error, detail, body = "", "", b""
    try:
        body = renderer.render(**job)
    except RecursionError:
        error = "depth"
    except MemoryError:
        error = "memory"
    except Exception as failure:  # the parent must hear of it; the traceback goes to the service's log
        error, detail = "failed", f"{type(failure).__name__}: {failure}"[:500]
        logging.getLogger(__name__).exception("A document could not be rendered.")
    return {"error": error, "detail": detail, "cpu": round(_cpu_used() - began, 3), "peak_mb": _peak_mb()}, body


def send(stream: IO[bytes], head: Mapping[str, Any], body: bytes) -> None:
    """Write one message."""
    stream.write(json.dumps({**head, "size": len(body)}).encode() + b"\n" + body)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read one message; raises EOFError when the other side is gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    head: dict[str, Any] = json.loads(line)
    body = stream.read(head.pop("size"))
    return head, body


def main() -> None:
    """Answer jobs until the standard input ends. A job that ran out of memory is the last one of its process."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land between the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; we end with our input
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    renderer = Renderer()
    sys.addaudithook(_guard)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            asked, body = receive(sys.stdin.buffer)
            head, result = answer(renderer, json.loads(body), asked["cpu_seconds"])
            send(answers, head, result)
            if head["error"] == "memory":
                return


if __name__ == "__main__":
    main()
