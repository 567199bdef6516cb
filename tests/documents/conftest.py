from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.billing.conftest import clock, world

__all__ = ["clock", "world"]


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that counts whoever comes, and sends them on to itself."""
    hits: list[str] = []

    class Count(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(302 if self.path == "/x" else 200)
            self.send_header("Location", "/again")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Count)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/x", hits
    server.shutdown()
    server.server_close()
    thread.join()
