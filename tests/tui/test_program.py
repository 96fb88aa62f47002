"""The whole program in a terminal: it ends cleanly, and leaves the terminal as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

PATIENCE = 120.0
LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"
COMMAND = (
    "from cockpit.ui.panels.conversation import ConversationPanel\n"
    "{patch}\n"
    "from cockpit.cli.main import main\n"
    "main()\n"
)
BREAK_A_KEY = (
    "def broken(*_): raise RuntimeError('a key broke')\n"
    "ConversationPanel.on_transcript_asked = broken"
)


@dataclass
class Terminal:
    """A program in a terminal of its own.

    Attributes:
        pid: of the program.
        fd: our end of the terminal.
        screen: everything that was written to it.
    """

    pid: int
    fd: int
    screen: bytes = b""

    def read(self, patience: float = PATIENCE) -> bool:
        """Take what was written; False at the end."""
        ready, _, _ = select.select([self.fd], [], [], patience)
        assert ready, f"nothing happened; the end of it was {self.screen[-2000:]!r}"
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the program has ended
            return False
        self.screen += data
        return bool(data)

    def wait_for(self, text: bytes) -> None:
        """Until it is on the screen."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.screen:
            assert time.monotonic() < deadline, f"no {text!r}"
            assert self.read(), f"it ended: {self.screen[-2000:]!r}"

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.fd, keys)

    def end(self) -> int:
        """Wait for the end; the exit code."""
        while self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


@contextmanager
def program(folder: Path, *arguments: str, patch: str = "") -> Iterator[Terminal]:
    """``cockpit run`` with nothing of the user's, templates only."""
    settings = (
        f"--set=data_dir={folder}/data",
        f"--set=assets.root={folder}/models",
        "--set=agent.planner=template",
    )
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        code = COMMAND.format(patch=patch)
        os.execv(
            sys.executable,
            [sys.executable, "-c", code, *settings, *arguments, "run", "--mute"],
        )
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    terminal = Terminal(pid, fd)
    try:
        yield terminal
    finally:
        for process in _family(pid):
            process.kill()
        os.close(fd)


def _family(pid: int) -> list[psutil.Process]:
    if not psutil.pid_exists(pid):
        return []
    parent = psutil.Process(pid)
    return [*parent.children(recursive=True), parent]


def modes(fd: int) -> list[object]:
    """How the terminal treats keys."""
    return termios.tcgetattr(fd)[:4]


@pytest.mark.parametrize("key", [b"\x11", b"\x03"], ids=["ctrl-q", "ctrl-c"])
def test_program_ends_at_a_key_while_it_loads(tmp_path: Path, key: bytes) -> None:
    with program(tmp_path) as terminal:
        before = modes(terminal.fd)
        terminal.wait_for(b"System")
        terminal.press(key)
        assert terminal.end() == 0
        assert LEAVE_ALTERNATE_SCREEN in terminal.screen
        assert modes(terminal.fd) == before


def test_program_does_what_is_typed_and_ends_with_all_its_processes(tmp_path: Path) -> None:
    with program(tmp_path) as terminal:
        before = modes(terminal.fd)
        terminal.wait_for("● simulated car".encode())
        terminal.press(b"open my window\r")
        terminal.wait_for(b"Opening your window.")
        family = _family(terminal.pid)
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.end() == 0
        assert not any(process.is_running() for process in family)
        assert modes(terminal.fd) == before


def test_program_that_breaks_says_so_in_one_sentence(tmp_path: Path) -> None:
    with program(tmp_path, patch=BREAK_A_KEY) as terminal:
        before = modes(terminal.fd)
        terminal.wait_for(b"System")
        terminal.press(b"\x1b")
        time.sleep(0.3)  # else the terminal takes it for the beginning of a longer key
        terminal.press(b"k")
        assert terminal.end() == 1
        said = terminal.screen.split(LEAVE_ALTERNATE_SCREEN)[1].decode()
        assert "The dashboard broke (RuntimeError: a key broke)" in said
        assert "Traceback" not in said
        assert "a key broke" in (tmp_path / "data" / "crash.txt").read_text()
        assert modes(terminal.fd) == before


def test_program_that_cannot_open_the_car_says_why_and_how_it_ended(tmp_path: Path) -> None:
    with program(tmp_path, "--set=bus.host=127.0.0.1", "--set=bus.port=1") as terminal:
        terminal.wait_for(b"Nothing answers at 127.0.0.1:1")
        terminal.press(b"q")
        assert terminal.end() == 3
        said = terminal.screen.split(LEAVE_ALTERNATE_SCREEN)[1].decode()
        assert "cockpit: Nothing answers at 127.0.0.1:1" in said
