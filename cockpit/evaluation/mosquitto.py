"""A mosquitto broker of our own on a free port, for measurements and tests."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from vehicle_bus.config import BusSettings
from vehicle_bus.errors import BusUnreachable

PATIENCE = 5.0  # s until it must accept connections


def find_mosquitto() -> Path | None:
    """The program, also where Debian hides it from users; None where it is not installed."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    return Path(found) if found else None


class MosquittoBroker:
    """A mosquitto process on the loopback interface that can be killed and started again.

    It keeps its port and forgets everything else. An async context manager.

    Args:
        settings: what to take over into ``settings`` (vehicle, ttl, overlay).
    """

    def __init__(self, settings: BusSettings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.settings = settings.model_copy(
            update={"host": "127.0.0.1", "port": self._port, "username": None, "tls": False}
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            BusUnreachable: it is not installed or does not start.
        """
        program = find_mosquitto()
        if program is None:
            raise BusUnreachable(
                "mosquitto is not installed; install it with: apt install mosquitto."
            )
        with tempfile.TemporaryDirectory(prefix="cockpit-mosquitto-") as folder:
            config = Path(folder) / "mosquitto.conf"
            config.write_text(
                f"listener {self._port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
                "persistence false\nlog_dest none\n",
                encoding="utf-8",
            )
            # In a session of its own, so that Ctrl-C reaches us alone and we end it last.
            self._process = await asyncio.create_subprocess_exec(
                program, "-c", config, start_new_session=True
            )
            try:
                await _accepting(self._port)
            except BaseException:
                await self.kill()
                raise

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.kill()


@asynccontextmanager
async def run_mosquitto(settings: BusSettings) -> AsyncIterator[BusSettings]:
    """Start mosquitto on the loopback interface and end it afterwards.

    Raises:
        BusUnreachable: it is not installed or does not start.
    """
    async with MosquittoBroker(settings) as broker:
        yield broker.settings


async def _accepting(port: int) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                await writer.wait_closed()
                return
    except TimeoutError as error:
        raise BusUnreachable("mosquitto did not start.") from error
