"""One MQTT connection that keeps itself up. Used by the client and by the owners of signals.

Every connection is a fresh MQTT client with a clean session. So nothing that was on its way when
the old one broke can be sent later by surprise, and there is no state to repair: ``on_open`` sets
up everything anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from vehicle_bus.config import BusSettings
from vehicle_bus.errors import BusUnreachable

log = logging.getLogger(__name__)
library_log = logging.getLogger(f"{__name__}.mqtt")
"""What the MQTT library says: that the socket broke, which we say ourselves and better."""
if library_log.level == logging.NOTSET:
    library_log.setLevel(logging.CRITICAL)

FIRST_DELAY = 0.1
LONGEST_DELAY = 1.0
"""Seconds between two tries while the broker is away, give or take a third."""
KEEPALIVE = 10
"""Seconds; a broker gives an owner up after one and a half of them."""
ANSWER_TIMEOUT = 4.0
"""Seconds that the broker has for each handshake."""
_NODELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
_BAD_CREDENTIALS = {4, 5, 134, 135}


class Refused(BusUnreachable):
    """Trying again will not help: wrong password, untrusted certificate, no such file."""


class Pulse:
    """Wakes whoever waits for some state to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def beat(self) -> None:
        """Something changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Return when ``holds()`` is true, now or after some beat."""
        while not holds():
            await self._event.wait()


class Connection:
    """Connects, reconnects with growing pauses, reads, publishes.

    Args:
        settings: where the broker is.
        name: what the client is called, in its identifier and in task names.
        on_open: sets the connection up (subscribe, publish what is retained) each time it is
            made; only after it the connection counts as ready.
        on_message: called with each message, in order; must not raise.
        on_lost: called each time a connection ended, also one that never became ready.
        will: last will.
    """

    def __init__(
        self,
        settings: BusSettings,
        name: str,
        *,
        on_open: Callable[[], Awaitable[None]],
        on_message: Callable[[aiomqtt.Message], None],
        on_lost: Callable[[], None],
        will: aiomqtt.Will | None = None,
    ) -> None:
        self.name = name
        self.identifier = f"{re.sub(r'[^A-Za-z0-9_-]', '-', name)[:40]}-{uuid4().hex[:12]}"
        self.ready = False
        self.fault: BusUnreachable | None = None
        self.pulse = Pulse()
        self._settings = settings
        self._on_open = on_open
        self._on_message = on_message
        self._on_lost = on_lost
        self._will = will
        self._client: aiomqtt.Client | None = None
        self._group: asyncio.TaskGroup | None = None
        self._task: asyncio.Task[None] | None = None
        self._context: ssl.SSLContext | None = None
        self._bug: Exception | None = None

    async def __aenter__(self) -> Self:
        """Start connecting, in the background."""
        self._task = asyncio.create_task(self._run(), name=f"bus connection of {self.name}")
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect.

        Raises:
            Exception: whatever unforeseen ended the connection's task before.
        """
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled() and (fault := self._task.exception()) is not None:
            raise fault

    @property
    def address(self) -> str:
        """Host and port, for sentences."""
        return f"{self._settings.host}:{self._settings.port}"

    async def ready_within(self, seconds: float) -> None:
        """Wait until the connection is ready, for some time.

        Raises:
            BusUnreachable: it did not happen in time, or the broker refuses us (then at once);
                the sentence says why and what to check.
        """
        try:
            async with asyncio.timeout(seconds):
                await self.wait_ready()
        except TimeoutError:
            fault = self.fault
            spoken = fault.spoken if fault else "The vehicle's broker did not answer in time."
            raise BusUnreachable(spoken) from fault

    async def wait_ready(self) -> None:
        """Wait until the connection is ready.

        Raises:
            BusUnreachable: it will not become so, because the broker refused us.
        """

        def settled() -> bool:
            return self.ready or isinstance(self.fault, Refused)

        await self.pulse.wait_until(settled)
        if not self.ready:
            assert self.fault is not None
            raise type(self.fault)(self.fault.spoken) from self.fault

    def post(self, topic: str, payload: bytes, *, retain: bool = False) -> asyncio.Task[None]:
        """Publish with QoS 1, in the order of the calls, without waiting for the broker.

        A message that the broker does not take breaks the connection.

        Raises:
            BusUnreachable: there is no connection.
        """
        if self._client is None or self._group is None:
            raise BusUnreachable("I can't reach the vehicle right now.") from self.fault
        publishing = self._client.publish(topic, payload, qos=1, retain=retain)
        try:
            return self._group.create_task(publishing, name=f"publish {topic}")
        except RuntimeError as error:  # the group is ending: the connection just broke
            publishing.close()
            raise BusUnreachable("I can't reach the vehicle right now.") from error

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1; returns when the broker has it.

        Raises:
            BusUnreachable: there is no connection, or it broke.
        """
        publishing = self.post(topic, payload, retain=retain)
        await asyncio.wait({publishing})
        if publishing.cancelled() or publishing.exception() is not None:
            raise BusUnreachable("The connection to the vehicle broke.") from self.fault

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe with QoS 1; for use in ``on_open``.

        Raises:
            BusUnreachable: the broker does not allow it.
            aiomqtt.MqttError: the connection broke.
        """
        assert self._client is not None
        codes = await self._client.subscribe([(topic, 1) for topic in topics])
        for code in codes:
            if (code.value if isinstance(code, ReasonCode) else code) >= 128:
                raise Refused(
                    f"The broker at {self.address} does not let this user read the vehicle's "
                    "topics; ask whoever runs it for the rights."
                )

    async def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                await self._hold()
            except* (aiomqtt.MqttError, BusUnreachable) as group:
                if self._bug is not None:
                    raise self._bug from None
                was_ready = self.ready
                self._lose(_first(group))
                if was_ready:
                    delay = FIRST_DELAY
            await asyncio.sleep(delay * random.uniform(0.7, 1.3))
            delay = min(delay * 2, LONGEST_DELAY)

    async def _hold(self) -> None:
        """Connect, and stay until the connection breaks."""
        client = await self._open()
        try:
            async with asyncio.TaskGroup() as group:
                self._client, self._group = client, group
                group.create_task(self._read(client), name=f"bus reader of {self.name}")
                await self._on_open()
                self.fault = None
                self.ready = True
                self.pulse.beat()
        finally:
            self._client = self._group = None
            with contextlib.suppress(aiomqtt.MqttError, OSError):
                await client.__aexit__(None, None, None)
            client._client.disconnect()  # aiomqtt leaves the socket open after a fault

    async def _read(self, client: aiomqtt.Client) -> None:
        """Raise when the connection breaks; the messages themselves take the short way."""
        async for message in client.messages:
            raise AssertionError(f"{message.topic} was queued")

    def _short_way(self) -> type[asyncio.Queue[aiomqtt.Message]]:
        """A queue that hands over at once: aiomqtt's own way costs two tasks a message."""
        connection = self

        class HandOver(asyncio.Queue[aiomqtt.Message]):
            def put_nowait(self, item: aiomqtt.Message) -> None:
                try:
                    connection._on_message(item)
                except Exception as error:  # aiomqtt would take it for a broken connection
                    connection._bug = error
                    raise

        return HandOver

    async def _open(self) -> aiomqtt.Client:
        settings = self._settings
        if not settings.host:
            raise Refused("No broker is configured; set bus.host, or start the embedded one.")
        if settings.tls and self._context is None:
            self._context = await asyncio.to_thread(_tls_context, settings)
        client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            identifier=self.identifier,
            will=self._will,
            clean_session=True,
            keepalive=KEEPALIVE,
            timeout=ANSWER_TIMEOUT,
            tls_context=self._context,
            socket_options=_NODELAY,
            queue_type=self._short_way(),
            logger=library_log,
        )
        client._client.connect_timeout = ANSWER_TIMEOUT
        _notice_hanging_up(client)
        entering = asyncio.ensure_future(client.__aenter__())
        try:
            return await asyncio.shield(entering)
        except asyncio.CancelledError:
            # paho connects in a thread, which cannot be cancelled: let it end, then hang up.
            with contextlib.suppress(aiomqtt.MqttError, OSError, ValueError):
                await entering
                await client.__aexit__(None, None, None)
            raise
        except aiomqtt.MqttError as error:
            client._client.disconnect()  # aiomqtt leaves the socket open
            raise self._explain(error) from error
        except ValueError as error:
            raise Refused(f"{settings.host!r} cannot be a host name; check bus.host.") from error

    def _explain(self, error: aiomqtt.MqttError) -> BusUnreachable:
        where = f"broker at {self.address}"
        if isinstance(error, aiomqtt.MqttCodeError):
            code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
            if code in _BAD_CREDENTIALS:
                return Refused(
                    f"The {where} does not accept the user name or password; "
                    "check bus.username and bus.password."
                )
            return BusUnreachable(f"The {where} refused the connection ({error}).")
        # aiomqtt hides what went wrong below it, except in the context.
        cause = error.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            fault = cause.verify_message.rstrip(".")
            return Refused(
                f"The certificate of the {where} is not trusted ({fault}); "
                "check bus.tls_ca and the host name."
            )
        if isinstance(cause, ssl.SSLError):
            return Refused(
                f"No encrypted connection to the {where} is possible ({cause.reason or cause}); "
                "check bus.tls and bus.port."
            )
        if isinstance(cause, socket.gaierror):
            return BusUnreachable(f"The host name of the {where} is not known; check bus.host.")
        if isinstance(cause, TimeoutError) and self._settings.tls:
            return BusUnreachable(
                f"The {where} does not answer in TLS; check bus.tls, bus.host and bus.port."
            )
        if isinstance(cause, ConnectionRefusedError):
            return BusUnreachable(
                f"Nothing answers at {self.address}; start the broker or check bus.host and "
                "bus.port."
            )
        return BusUnreachable(
            f"The {where} cannot be reached ({error}); check bus.host, bus.port and bus.tls."
        )

    def _lose(self, cause: Exception) -> None:
        if isinstance(cause, BusUnreachable):
            self.fault = cause
        else:
            self.fault = BusUnreachable(f"The connection to the broker at {self.address} broke.")
            self.fault.__cause__ = cause
        log.log(logging.WARNING if self.ready else logging.DEBUG, "%s: %s", self.name, self.fault)
        self._down()

    def _down(self) -> None:
        self.ready = False
        self._on_lost()
        self.pulse.beat()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The task is over: closed, or a fault of ours that ``__aexit__`` will raise."""
        if not task.cancelled() and task.exception() is not None:
            self.fault = Refused("The vehicle bus stopped because of an internal fault.")
            self.fault.__cause__ = task.exception()
        self._down()


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    """The first error; ours before the library's, as ours say more."""
    errors = list(_flat(group))
    return next((error for error in errors if isinstance(error, BusUnreachable)), errors[0])


def _flat(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _flat(error)
        else:
            yield error


def _notice_hanging_up(client: aiomqtt.Client) -> None:
    """Make entering fail as soon as the broker hangs up, and not after the whole timeout."""
    loop = asyncio.get_running_loop()
    connected, known = client._connected, client._client.on_disconnect

    def fail() -> None:
        if not connected.done():
            connected.set_exception(aiomqtt.MqttError("it hung up"))

    def on_disconnect(*args: Any) -> None:
        if connected.done() and known is not None:
            known(*args)
        else:
            loop.call_soon_threadsafe(fail)

    client._client.on_disconnect = on_disconnect


class _Socket(ssl.SSLSocket):
    """paho does not close the socket of a handshake that failed."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls_context(settings: BusSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca)
    except ssl.SSLError as error:
        raise Refused(
            f"The CA file {settings.tls_ca} is not a certificate; check bus.tls_ca."
        ) from error
    except OSError as error:
        raise Refused(
            f"The CA file {settings.tls_ca} cannot be read ({error.strerror}); check bus.tls_ca."
        ) from error
    context.sslsocket_class = _Socket
    if settings.tls_insecure:
        context.check_hostname = False
    return context
