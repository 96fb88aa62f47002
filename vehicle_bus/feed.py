"""A bounded queue to one listener, which loses the oldest rather than hold up the bus."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Self


class Feed[T]:
    """What one listener has not read yet; iterate over it with ``async for``.

    It ends when it is closed and read to the end.

    Attributes:
        dropped: how many items were lost because the listener was slow.
    """

    def __init__(self, size: int) -> None:
        self.dropped = 0
        self._items: deque[T] = deque(maxlen=size)
        self._there = asyncio.Event()
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many items nobody has read yet."""
        return len(self._items)

    def put(self, item: T) -> None:
        """Add an item; the oldest goes where there is no room."""
        if len(self._items) == self._items.maxlen:
            self.dropped += 1
        self._items.append(item)
        self._there.set()

    def close(self) -> None:
        """No more items will come."""
        self._closed = True
        self._there.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            self._there.clear()
            await self._there.wait()
        return self._items.popleft()
