"""The least AWS that a stop can talk to: AssumeRole and StopExperiment, and when each came.

A process of its own, so that it takes no time from whoever is measured. Prints its port.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import UTC, datetime, timedelta

STOP = re.compile(rb"DELETE /experiments/(\w+) ")


def _assumed() -> bytes:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        "<Credentials><AccessKeyId>ASIA0000000000000000</AccessKeyId><SecretAccessKey>x"
        f"</SecretAccessKey><SessionToken>x</SessionToken><Expiration>{until}</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    ).encode()


def _stopped(ref: str) -> bytes:
    return json.dumps(
        {"experiment": {"id": ref, "state": {"status": "stopping", "reason": ""}}}
    ).encode()


class StandIn:
    def __init__(self) -> None:
        self.stops: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if length and int(length[1]):
                    await reader.readexactly(int(length[1]))
                writer.write(self._answer(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        kind = b"application/json"
        if found := STOP.match(head):
            self.stops.append(time.monotonic())
            body = _stopped(found[1].decode())
        elif head.startswith(b"GET /last "):
            body = json.dumps({"count": len(self.stops), "at": max(self.stops, default=0)}).encode()
            self.stops.clear()
        else:
            kind, body = b"text/xml", _assumed()
        size = str(len(body)).encode()
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: "
            + kind
            + b"\r\nContent-Length: "
            + size
            + (b"\r\n\r\n" + body)
        )


async def main() -> None:
    server = await asyncio.start_server(StandIn().serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
