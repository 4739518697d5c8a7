"""`--metrics PORT`: counts of this process for Prometheus, on this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tts.cli.screen import Screen
from tts.errors import UsageError
from tts.ledger.counting import Counts

HOST, PATH = "127.0.0.1", "/metrics"
TYPE = "text/plain; version=0.0.4; charset=utf-8"


@contextmanager
def metered(port: int | None) -> Iterator[list[Counts]]:
    """What counts for as long as the work takes; nothing without a port."""
    if port is None:
        yield []
        return
    counts = Counts()
    with served(counts, port):
        yield [counts]


@contextmanager
def served(counts: Counts, port: int) -> Iterator[str]:
    """Serve the counts on a thread; the URL. Raises `UsageError` for a port that is taken."""
    try:
        server = ThreadingHTTPServer((HOST, port), _handler(counts))
    except OSError as error:
        raise UsageError(f"Port {port} of --metrics: {error.strerror}.") from error
    url = f"http://{HOST}:{server.server_address[1]}{PATH}"
    Thread(target=server.serve_forever, daemon=True).start()
    Screen(stderr=True, soft_wrap=True).print(f"metrics: {url}")
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()


def _handler(counts: Counts) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers at one path."""

        def do_GET(self) -> None:
            found = self.path.partition("?")[0] == PATH
            body = counts.text().encode() if found else b"see /metrics\n"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A look every few seconds is no news."""

    return Handler
