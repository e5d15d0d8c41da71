"""A trivial S3-like upstream: answers every request at once, so that what is measured is the way there."""

from __future__ import annotations

import asyncio
import sys

BODY = b'<?xml version="1.0" encoding="UTF-8"?><VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'


class Upstream(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = 0
            at = head.find(b"content-length:")
            if at >= 0:
                length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            if len(self.buffer) < end + 4 + length:
                return
            get = self.buffer.startswith(b"GET")
            self.buffer = self.buffer[end + 4 + length :]
            body = BODY if get else b""
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\nx-amz-request-id: BENCH\r\ncontent-length: %d\r\n\r\n%b"
                % (len(body), body)
            )


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
