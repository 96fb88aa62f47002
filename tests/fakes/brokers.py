"""Brokers that can be killed and come back on the same port, and a wire that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from cockpit.evaluation.mosquitto import find_mosquitto
from vehicle_bus.broker import EmbeddedBroker
from vehicle_bus.config import BusSettings


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RestartableBroker(Protocol):
    """What the tests of the bus need from a broker."""

    settings: BusSettings

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Mosquitto:
    """A mosquitto process on a free port; forgets everything when it is stopped.

    Args:
        folder: for its configuration file.
        settings: what to take over into ``settings``.
        lines: further lines of its configuration, before the listener's or of it.
        anonymous: whether anybody may connect.
    """

    def __init__(
        self,
        folder: Path,
        settings: BusSettings | None = None,
        *,
        lines: Sequence[str] = (),
        anonymous: bool = True,
    ) -> None:
        found = find_mosquitto()
        assert found is not None, "ask find_mosquitto() first"
        self._program = found
        self._process: asyncio.subprocess.Process | None = None
        self.port = free_port()
        self.settings = (settings or BusSettings()).model_copy(
            update={"host": "127.0.0.1", "port": self.port}
        )
        self._config = folder / f"mosquitto-{self.port}.conf"
        self._config.write_text(
            "\n".join(
                [
                    "persistence false",
                    "user root",  # or it cannot read the files of a test that root runs
                    "set_tcp_nodelay true",
                    f"listener {self.port} 127.0.0.1",
                    f"allow_anonymous {str(anonymous).lower()}",
                    *lines,
                    "",
                ]
            )
        )

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            self._program,
            "-c",
            str(self._config),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(5):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    assert self._process.returncode is None, "mosquitto did not start"
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    await writer.wait_closed()
                    return

    async def stop(self) -> None:
        """Kill it, as a crash would."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()


class Embedded:
    """The embedded broker, which comes back on the port that it had."""

    def __init__(self) -> None:
        self.settings = BusSettings(host="127.0.0.1", port=free_port())
        self._running: EmbeddedBroker | None = None

    async def start(self) -> None:
        self._running = await EmbeddedBroker(port=self.settings.port).__aenter__()

    async def stop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            await running.__aexit__(None, None, None)


class Wire:
    """A TCP relay to a broker which can be cut, or swallow all that is sent through it.

    Connect to its ``settings`` in place of the broker's.
    """

    def __init__(self, behind: BusSettings) -> None:
        self._behind = behind
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.settings = behind.model_copy(update={"port": free_port()})

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(
            self._relay, "127.0.0.1", self.settings.port, reuse_address=True
        )

    async def cut(self) -> None:
        """Break all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def swallow(self) -> None:
        """Hold back everything, in both directions, without breaking a connection."""
        self._flowing.clear()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cut()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Cut while connecting or copying: that is what the tests want.
        with contextlib.suppress(asyncio.CancelledError, OSError):
            back_reader, back_writer = await asyncio.open_connection(
                self._behind.host, self._behind.port
            )
            self._writers |= {writer, back_writer}
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._copy(reader, back_writer))
                    group.create_task(self._copy(back_reader, writer))
            except* OSError:
                pass
            finally:
                self._writers -= {writer, back_writer}
                back_writer.transport.abort()
        writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        writer.transport.abort()
