"""Leave to do more: "if you have to close the windows for that, go ahead", "... if necessary".

What an action needs is brought about by the vehicle's policies, so a permission asks for nothing
by itself. Alone it is no request at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.agent.fastpath.conversation import spelled_out
from cockpit.agent.fastpath.match import Phrases


def _phrases(*entries: str) -> Phrases:
    return Phrases({phrase: 0.0 for entry in entries for phrase in spelled_out(entry)})


_BEFORE = _phrases(
    "if (you|we|i) [really|should] (have to|need to|must|had to|needed to) [also|first]",
    "[and|but] (i do not mind|no problem) (if you|if we) [(have|need) to]",
    "[and|but] (it is|that is|i am) (okay|fine|all right|alright) (if you|if we) [(have|need) to]",
)
_AFTER = _phrases(
    "[first|beforehand|for that|for it|as well|too|also] (if|as|where|when) [that is|it is] "
    "(necessary|needed|required|need be|must be|you have to|you need to|you must|it has to be|"
    "that helps|it helps|that is what it takes|there is no other way)",
)
_CLOSING = _phrases(
    "(for that|for it|first|beforehand|to do that|to do so|to do it|because of that|for this|"
    "as well|too|along the way|in order to do that|before that)",
)


def endings(keys: Sequence[str], end: int, *, opened: bool) -> Iterable[int]:
    """Where a permission ends whose command ends at ``end``; nothing where it is none.

    Args:
        opened: words of permission stood before the command.
    """
    place = end + 1 if end < len(keys) and keys[end] == "," else end
    if place < len(keys):
        for after, _ in _AFTER.at(keys, place):
            yield after
    if opened:
        yield end
        if end < len(keys):
            for after, _ in _CLOSING.at(keys, end):
                yield after


def openings(keys: Sequence[str], position: int) -> Iterable[int]:
    """Where the command begins behind "if you have to", "it's fine if you", ..."""
    for end, _ in _BEFORE.at(keys, position):
        yield end
