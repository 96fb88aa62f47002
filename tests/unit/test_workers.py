"""Workers: the frames of the pipe, and real processes that crash, hang and run wild."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from cockpit.workers.errors import (
    RequestRefused,
    WorkerLost,
    WorkerStarting,
    WorkerUnavailable,
)
from cockpit.workers.frames import (
    MAX_PAYLOAD,
    Frame,
    ProtocolError,
    decode_header,
    json_frame,
    read_frame_blocking,
)
from cockpit.workers.process import Rules, read_frame
from cockpit.workers.supervisor import Supervisor, program

OBEDIENT = [sys.executable, str(Path(__file__).parents[1] / "fakes" / "engine_worker.py")]
LONG = 60.0
"""Seconds of patience where it shall not matter."""
SHORT = 0.5
"""Where it shall, and nothing is expected."""
FAIR = 2.0
"""Where a sign of life is expected within, which a busy machine gives late."""

FRAMES = [
    Frame("ready", {"rate": 22050}),
    Frame("audio", {"id": 3}, b"\n\x00{}\n"),
    Frame("say", {"id": 4, "text": "Grüße\nund mehr"}),
    json_frame("open", {"name": "Grüße"}),
    Frame("done", {"id": 3}),
]


async def test_frames_survive_the_pipe() -> None:
    data = b"".join(frame.encode() for frame in FRAMES)
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    assert [await read_frame(stream) for _ in FRAMES] == FRAMES
    assert await read_frame(stream) is None
    blocking = io.BytesIO(data)
    assert [read_frame_blocking(blocking) for _ in FRAMES] == FRAMES
    assert read_frame_blocking(blocking) is None


@pytest.mark.parametrize("kept", [3, 30, -1])
async def test_frames_cut_off_are_an_end(kept: int) -> None:
    data = FRAMES[1].encode()[:kept]
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    assert await read_frame(stream) is None
    assert read_frame_blocking(io.BytesIO(data)) is None


@pytest.mark.parametrize(
    "line",
    [
        b"hello\n",
        b"[]\n",
        b'{"id": 1}\n',
        b'{"type": 5}\n',
        b'{"type": "audio", "bytes": -1}\n',
        b'{"type": "audio", "id": "x"}\n',
        b'{"type": "audio", "bytes": %d}\n' % (MAX_PAYLOAD + 1),
    ],
)
def test_decode_header_refuses_what_is_no_header(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_header(line)


def test_frame_json_refuses_what_is_none() -> None:
    assert json_frame("open", {"a": [1]}).json() == {"a": [1]}
    with pytest.raises(ProtocolError):
        Frame("open", {}, b"{").json()


def test_program_of_a_worker_looks_for_modules_where_its_host_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["/somewhere/bin", *sys.path])
    assert program("cockpit.engine") == (sys.executable, "-P", "-m", "cockpit.engine")
    for here in ("", str(tmp_path)):
        monkeypatch.setattr(sys, "path", [here, *sys.path])
        assert program("cockpit.engine") == (sys.executable, "-m", "cockpit.engine")


class States:
    """Collects what a supervisor tells."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.details: list[Mapping[str, Any]] = []
        self._changed = asyncio.Event()

    def __call__(self, state: str, detail: Mapping[str, Any]) -> None:
        self.seen.append(state)
        self.details.append(detail)
        self._changed.set()

    async def count(self, state: str, times: int) -> Mapping[str, Any]:
        """Wait until it was told so often; what was told with it."""
        while self.seen.count(state) < times:
            self._changed.clear()
            await self._changed.wait()
        return next(d for s, d in zip(self.seen, self.details, strict=True) if s == state)


@pytest.fixture
def states() -> States:
    return States()


type MakeWorker = Callable[..., Any]


@pytest.fixture
def worker(states: States) -> MakeWorker:
    """Makes a started supervisor of an obedient engine."""

    @asynccontextmanager
    async def make(
        options: Mapping[str, Any] | None = None, **rules: Any
    ) -> AsyncIterator[Supervisor]:
        rules = {"start": LONG, "beat": LONG, "backoff": (0.0,), **rules}
        supervisor = Supervisor(
            "obedient engine", OBEDIENT, options or {}, rules=Rules(**rules), on_state=states
        )
        try:
            await supervisor.start()
            yield supervisor
        finally:
            await supervisor.close()

    return make


async def echo(supervisor: Supervisor, text: bytes = b"hello", **more: Any) -> bytes:
    frame = await supervisor.ask("echo", {}, text, patience=LONG, **more)
    assert frame is not None
    return frame.payload


async def test_worker_answers_with_bytes_of_any_length(worker: MakeWorker) -> None:
    async with worker({"name": "Grüße"}) as supervisor:
        assert supervisor.facts["options"] == {"name": "Grüße"}
        assert supervisor.facts["pid"] == supervisor.pid
        for length in (0, 1, 70_000, 5_000_000):
            assert len(await echo(supervisor, os.urandom(length))) == length
        frame = await supervisor.ask("echo", {"text": "Grüße"}, patience=LONG)
        assert frame is not None
        assert frame.fields["text"] == "Grüße"


async def test_worker_answers_in_pieces_one_request_after_the_other(worker: MakeWorker) -> None:
    async def count(to: int) -> list[int]:
        asked = supervisor.request("count", {"to": to}, patience=LONG)
        async with aclosing(asked) as answers:
            return [frame.fields["number"] async for frame in answers]

    async with worker() as supervisor:
        counted = await asyncio.gather(*(count(to) for to in (3, 0, 2)))
        assert counted == [[0, 1, 2], [], [0, 1]]


async def test_worker_output_of_libraries_is_kept_out_of_the_frames(
    worker: MakeWorker, capfd: pytest.CaptureFixture[str], states: States
) -> None:
    async with worker() as supervisor:
        assert await supervisor.ask("chatter", patience=LONG) is not None
        eaten = await supervisor.ask("eat", patience=LONG)
        assert eaten is not None
        assert eaten.payload == b""
        assert await echo(supervisor) == b"hello"
    assert states.seen == ["started", "stopped"]
    assert capfd.readouterr() == ("", "")


async def test_worker_that_refuses_goes_on(worker: MakeWorker, states: States) -> None:
    async with worker() as supervisor:
        with pytest.raises(RequestRefused) as refused:
            await supervisor.ask("refuse", patience=LONG)
        assert (refused.value.reason, refused.value.spoken) == ("ValueError: no such thing", "")
        with pytest.raises(RequestRefused) as refused:
            await supervisor.ask("apologise", patience=LONG)
        assert refused.value.spoken == "I would rather not."
        assert await echo(supervisor) == b"hello"
    assert states.seen == ["started", "stopped"]


async def test_worker_cancelled_stops_and_takes_the_next_request(
    worker: MakeWorker, states: States
) -> None:
    async with worker() as supervisor:
        async with aclosing(supervisor.request("wait", patience=LONG)) as answers:
            assert (await anext(answers)).type == "waiting"
        assert await echo(supervisor) == b"hello"
        waiting = asyncio.create_task(supervisor.ask("work", {"seconds": LONG}, patience=LONG))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await echo(supervisor) == b"hello"
    assert states.seen == ["started", "stopped"]


@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [
        ("crash", "crashed", "SIGSEGV"),
        ("babble", "crashed", "not a frame"),
        ("hang", "hung", "did nothing"),
        ("spin", "hung", "did nothing"),
        ("freeze", "hung", "did nothing"),
    ],
)
async def test_worker_that_breaks_loses_one_request(
    worker: MakeWorker, states: States, kind: str, state: str, reason: str
) -> None:
    async with worker() as supervisor:
        pid = supervisor.pid
        lost = asyncio.create_task(supervisor.ask(kind, patience=SHORT))
        await asyncio.sleep(0)
        following = asyncio.create_task(echo(supervisor))
        with pytest.raises(WorkerLost, match=reason) as error:
            await lost
        assert error.value.hung == (state == "hung")
        assert await following == b"hello"
        assert supervisor.pid != pid
    assert states.seen == ["started", state, "started", "stopped"]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
async def test_worker_killed_or_stopped_at_work_loses_one_request(
    worker: MakeWorker, states: States, sent: signal.Signals
) -> None:
    async with worker() as supervisor:
        working = asyncio.create_task(supervisor.ask("work", {"seconds": LONG}, patience=FAIR))
        await asyncio.sleep(0.1)
        assert states.seen == ["started"]
        os.kill(supervisor.pid, sent)
        with pytest.raises(WorkerLost):
            await working
        assert await echo(supervisor) == b"hello"
    assert states.seen.count("started") == 2


async def test_worker_killed_while_idle_costs_nothing(worker: MakeWorker, states: States) -> None:
    async with worker() as supervisor:
        os.kill(supervisor.pid, signal.SIGKILL)
        await states.count("started", 2)
        assert supervisor.ready
        assert await echo(supervisor) == b"hello"


@pytest.mark.parametrize("how", ["SIGSTOP", "freeze"])
async def test_worker_that_does_not_answer_while_idle_is_replaced(
    worker: MakeWorker, states: States, how: str
) -> None:
    async with worker(beat=0.05, silence=FAIR) as supervisor:
        if how == "SIGSTOP":
            os.kill(supervisor.pid, signal.SIGSTOP)
        else:
            freezing = supervisor.ask("later", {"then": "freeze"}, patience=LONG)
            with suppress(WorkerLost):  # it may be frozen before it has answered
                await freezing
        assert "did not answer" in (await states.count("hung", 1))["why"]
        assert await echo(supervisor) == b"hello"


async def test_worker_that_runs_wild_while_idle_is_replaced(
    worker: MakeWorker, states: States
) -> None:
    # The share is low for a machine that is busy with other things.
    async with worker(beat=0.3, idle_load=0.05) as supervisor:
        await supervisor.ask("later", {"then": "spin"}, patience=LONG)
        assert "with nothing to do" in (await states.count("hung", 1))["why"]
        assert await echo(supervisor) == b"hello"


async def test_worker_that_works_on_though_cancelled_is_replaced(
    worker: MakeWorker, states: States
) -> None:
    async with worker(beat=0.05) as supervisor:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await supervisor.ask("hang", patience=SHORT)
        assert "nobody wanted" in (await states.count("hung", 1))["why"]
        assert await echo(supervisor) == b"hello"


async def test_worker_with_signs_of_life_may_take_long(worker: MakeWorker, states: States) -> None:
    async with worker() as supervisor:
        done = await supervisor.ask("work", {"seconds": 1.5 * FAIR}, patience=FAIR)
        assert done is not None
        assert done.type == "worked"
    assert states.seen == ["started", "stopped"]


async def test_worker_that_misses_something_says_what_and_is_tried_again_when_asked(
    worker: MakeWorker, states: States, tmp_path: Path
) -> None:
    async with worker({"folder": str(tmp_path)}) as supervisor:
        (tmp_path / "broken").touch()
        with pytest.raises(WorkerLost):
            await supervisor.ask("crash", patience=LONG)
        await states.count("failed", 1)
        assert not supervisor.ready
        with pytest.raises(WorkerUnavailable) as missing:
            await echo(supervisor)
        assert missing.value.final
        assert missing.value.spoken == "There is no such model; run something."
        (tmp_path / "broken").unlink()
        assert await echo(supervisor) == b"hello"


@pytest.mark.parametrize(
    ("load", "reason", "final"),
    [
        ("missing", "no such model", True),
        ("crash", "SIGSEGV", False),
        ("hang", "did not load within 1 second", False),
        ("nonsense", "ValueError", True),
    ],
)
async def test_worker_that_does_not_load_says_why(
    worker: MakeWorker, states: States, load: str, reason: str, final: bool
) -> None:
    with pytest.raises(WorkerUnavailable, match=reason) as unavailable:
        async with worker({"load": load}, start=1.0):
            pass
    assert unavailable.value.final == final
    assert states.seen[0] == "failed"


async def test_worker_with_signs_of_life_may_load_long(worker: MakeWorker) -> None:
    async with worker({"beats": 30}, start=FAIR) as supervisor:  # 3 s
        assert supervisor.ready


async def test_worker_whose_program_is_missing_says_so(states: States) -> None:
    supervisor = Supervisor("ghost", ["/nonexistent/program"], {}, on_state=states)
    with pytest.raises(WorkerUnavailable, match="cannot be started: No such file"):
        await supervisor.start()
    await supervisor.close()
    assert states.seen == ["failed"]


async def test_worker_that_ends_again_and_again_is_given_rest(
    worker: MakeWorker, states: States
) -> None:
    async with worker(backoff=(0.0, LONG)) as supervisor:
        for _ in range(3):  # a request that is fulfilled shows that all is well
            await echo(supervisor)
            os.kill(supervisor.pid, signal.SIGKILL)
            await states.count("crashed", states.seen.count("crashed") + 1)
            await states.count("started", states.seen.count("crashed") + 1)
        os.kill(supervisor.pid, signal.SIGKILL)
        await states.count("crashed", 4)
        await asyncio.sleep(0.1)
        assert states.seen.count("started") == 4
        # Whoever wants something does not wait for that.
        assert await echo(supervisor) == b"hello"


async def test_worker_that_is_still_starting_says_so(worker: MakeWorker) -> None:
    async with worker() as supervisor:
        os.kill(supervisor.pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await echo(supervisor)
        with pytest.raises(WorkerStarting):
            await echo(supervisor, start_patience=0.0)
        assert await echo(supervisor) == b"hello"


async def test_worker_closed_takes_no_requests(worker: MakeWorker, states: States) -> None:
    async with worker() as supervisor:
        pid = supervisor.pid
        working = asyncio.create_task(supervisor.ask("work", {"seconds": LONG}, patience=LONG))
        await asyncio.sleep(0.05)
    with pytest.raises(WorkerLost):
        await working
    assert not psutil.pid_exists(pid)
    with pytest.raises(WorkerUnavailable):
        await echo(supervisor)
    assert states.seen == ["started", "stopped"]


async def test_worker_closed_while_it_starts_leaves_no_process(states: States) -> None:
    supervisor = Supervisor("obedient engine", OBEDIENT, {"load": "hang"}, on_state=states)
    starting = asyncio.create_task(supervisor.start())
    await asyncio.sleep(0.1)
    await supervisor.close()
    with pytest.raises(WorkerUnavailable):
        await starting
    assert not psutil.Process().children()


async def test_worker_outlives_a_pause_of_its_host(worker: MakeWorker, states: States) -> None:
    async with worker(beat=0.05, silence=2.0) as supervisor:
        working = asyncio.create_task(supervisor.ask("work", {"seconds": 0.2}, patience=2.0))
        await asyncio.sleep(0.1)
        time.sleep(3)  # noqa: ASYNC251  (nothing runs here, as when a machine sleeps)
        assert await working is not None
        assert await echo(supervisor) == b"hello"
    assert states.seen == ["started", "stopped"]


@pytest.mark.parametrize("doing", ["nothing", "freeze"])
def test_worker_ends_with_its_host(doing: str) -> None:
    host = textwrap.dedent("""
        import asyncio, sys
        from cockpit.workers.supervisor import Supervisor, program

        async def main():
            supervisor = Supervisor("engine", sys.argv[2:], {})
            await supervisor.start()
            print(supervisor.pid, flush=True)
            if sys.argv[1] != "nothing":
                await supervisor.ask(sys.argv[1], patience=60)
            await asyncio.sleep(60)

        asyncio.run(main())
    """)
    command = [sys.executable, "-c", host, doing, *OBEDIENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        worker = psutil.Process(int(process.stdout.readline()))
        time.sleep(0.2)
        process.kill()
        # Whoever adopts it may not have looked yet, so a zombie is gone, too.
        gone, alive = psutil.wait_procs([worker], timeout=10)
        assert gone or alive[0].status() == psutil.STATUS_ZOMBIE


async def test_worker_leaves_ctrl_c_to_its_host(worker: MakeWorker, states: States) -> None:
    async with worker() as supervisor:
        os.kill(supervisor.pid, signal.SIGINT)
        assert await echo(supervisor) == b"hello"
    assert states.seen == ["started", "stopped"]
