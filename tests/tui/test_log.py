"""The log, and what is printed past it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

from cockpit.ui.logs import PRINTED, LogBook
from cockpit.ui.state import LINES
from cockpit.ui.terminal import Captured


def logged(book: LogBook) -> list[tuple[str, str]]:
    return [(line.name, line.text) for line in book.take()]


def test_log_book_keeps_ours_from_its_level_and_others_warnings() -> None:
    book = LogBook(logging.INFO)
    with book.instead_of_the_terminal():
        logging.getLogger("cockpit.agent").info("ours")
        logging.getLogger("cockpit.agent").debug("too little")
        logging.getLogger("httpx").info("not ours")
        logging.getLogger("httpx").warning("a warning")
    assert logged(book) == [("cockpit.agent", "ours"), ("httpx", "a warning")]


def test_log_book_gives_the_terminal_back() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with LogBook().instead_of_the_terminal():
        assert root.handlers != handlers or not handlers
    assert (root.handlers, root.level) == (handlers, level)


def test_log_book_keeps_the_newest_lines_only() -> None:
    book = LogBook()
    for number in range(LINES + 5):
        book.add(logging.INFO, "cockpit", str(number))
    lines = book.take()
    assert len(lines) == LINES and lines[-1].text == str(LINES + 4)
    assert book.take() == []


def test_log_book_tells_once_until_somebody_takes() -> None:
    told: list[None] = []
    book = LogBook()
    book.on_line = lambda: told.append(None)
    for _ in range(10):
        book.printed("line")
    assert len(told) == 1
    book.take()
    book.printed("line")
    assert len(told) == 2


def test_log_book_has_the_traceback() -> None:
    book = LogBook()
    with book.instead_of_the_terminal():
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            logging.getLogger("cockpit.ui").exception("it broke")
    [(_, text)] = logged(book)
    assert text.startswith("it broke\nTraceback") and text.endswith("RuntimeError: broken")


def test_captured_has_what_libraries_and_processes_print() -> None:
    lines: list[str] = []
    three = threading.Event()

    def keep(line: str) -> None:
        lines.append(line)
        if len(lines) == 3:
            three.set()

    with Captured(keep):
        os.write(1, b"from a library\n")
        os.write(2, b"ALSA lib: no card\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        assert three.wait(20)
    assert lines == ["from a library", "ALSA lib: no card", "from a child"]


def test_captured_leaves_the_terminal_to_the_dashboard() -> None:
    book = LogBook()
    program = (
        "import os, sys\n"
        "from cockpit.ui.terminal import Captured\n"
        "with Captured(lambda line: None):\n"
        "    sys.__stderr__.write('drawn\\n')\n"
        "    os.write(2, b'hidden\\n')\n"
        "os.write(2, b'after\\n')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stderr == b"drawn\nafter\n"
    assert ran.stdout == b""
    assert PRINTED not in {line.name for line in book.take()}
