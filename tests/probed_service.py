"""A service on this machine that answers probes as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Service:
    """What each path answers: status and body. `asked` are the paths with their queries."""

    origin: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    asked: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)


HANGS, ENDLESS = "/hangs", "/endless"


@contextmanager
def probed_service() -> Iterator[Service]:
    """A service that listens until the test is over."""
    box = Service()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            box.asked.append(self.path)
            path = self.path.partition("?")[0]
            if path == HANGS or box.hangs:
                box.is_over.wait(30)
                return
            status, body = box.answers.get(path, (200, b""))
            self.send_response(status)
            for name, value in box.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
                while path == ENDLESS and not box.is_over.is_set():
                    self.wfile.write(b"1" * 65_536)
            except OSError:
                return  # the reader had enough

        def log_message(self, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    box.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield box
    finally:
        box.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
