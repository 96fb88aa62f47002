"""Reading and writing the store's files."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.assets.errors import DiskFull, StoreNotWritable


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn the operating system's complaints about writing into ours.

    Raises:
        DiskFull: no space left, or over quota.
        StoreNotWritable: no permission, or a read-only file system.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(root) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise StoreNotWritable(root, os.strerror(error.errno).lower()) from error
        raise
