"""Shows another text without laying out the whole screen, where its height stays the same."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


def put(widget: Static, content: Content) -> None:
    """Show another content; what is shown already is left alone."""
    shown = widget.content
    if isinstance(shown, Content) and shown.is_same(content):
        return
    width = widget.size.width
    fits = width > 0 and content.get_height(widget.styles.get_rules(), width) == widget.size.height
    widget.update(content, layout=not fits)
