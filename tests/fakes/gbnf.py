"""Does a text fit a GBNF grammar? For grammars without recursion, which are regular."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r'(?P<literal>"(?:\\.|[^"\\])*")|(?P<set>\[(?:\\.|[^\]\\])*\])|(?P<name>[a-zA-Z][\w-]*)'
    r"|(?P<sign>[()|?*+]|\{\d+(?:,\d*)?\})|\s+"
)


def as_pattern(grammar: str) -> re.Pattern[str]:
    """The whole grammar as one regular expression, root first."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())

    def expand(name: str) -> str:
        body, at, out = rules[name], 0, ""
        while at < len(body):
            piece = _PIECE.match(body, at)
            assert piece is not None, f"{name}: cannot read {body[at : at + 30]!r}"
            at = piece.end()
            if piece["literal"]:
                text = piece["literal"][1:-1]
                out += f"(?:{re.escape(re.sub(r'\\(.)', _unescape, text))})"
            elif piece["name"]:
                out += f"(?:{expand(piece['name'])})"
            elif piece["set"]:
                out += piece["set"]
            elif piece["sign"]:
                out += "(?:" if piece["sign"] == "(" else piece["sign"]
        return out

    return re.compile(expand("root"))


def _unescape(found: re.Match[str]) -> str:
    return {"n": "\n"}.get(found[1], found[1])
