"""Words as people say them: no markup, abbreviations written out, letters spelt where they are.

Every function takes text and returns text, and leaves alone what it made before.
"""

from __future__ import annotations

import html
import re

type Match = re.Match[str]

_PICTOGRAPHS = re.compile(
    "[\U0001f000-\U0001faff\U000e0020-\U000e007f\u2300-\u23ff\u2600-\u27bf\u2190-\u21ff"
    "\u25a0-\u25ff\u2b00-\u2bff\u20e3\ufe0e\ufe0f\u200b-\u200f\u2060©®™]+"
)
_LINK = re.compile(r"!?\[([^\]\[]*)\]\([^)\s]*\)")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?: [^<>]*)?/?>")
_BULLET = re.compile(r"(?m)^[ \t]*(?:[-*+•–]|#{1,6}|>)[ \t]+")
_LISTED = re.compile(r"(?m)^[ \t]*(\d{1,2})[.)][ \t]+(?=[^\W\d])")
_BREAK = re.compile(r"\s*\n\s*")
_MARKUP = re.compile(r"[*_`#|<>\[\]{}\\^~•]+")

_DOMAINS = "com|org|net|edu|gov|io|eu|fi|de|se|no|dk|fr|uk|us|info|app|dev|ai|co"
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WEB = re.compile(
    rf"(?i)\b(?:https?://|www\.)[^\s<>()\[\]\"”]*[\w/]"
    rf"|(?<![\w.-])[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:{_DOMAINS})\b(?:/[^\s<>()\[\]\"”]*[\w/])?(?![.\w-]*@)"
)
_WEB_SIGNS = {
    ".": " dot ",
    "/": " slash ",
    "-": " dash ",
    "_": " underscore ",
    "@": " at ",
    "+": " plus ",
    "?": " question mark ",
    "=": " equals ",
    "&": " and ",
    "%": " percent ",
    "#": " hash ",
    ":": " colon ",
    "~": " tilde ",
}

STARTS = (
    "A|An|And|As|At|Anything|But|Continue|Do|Drive|For|From|Go|Head|I|If|In|Is|It|Keep|Left|Make|"
    "Next|No|Now|On|Please|Right|Say|Shall|Should|So|Take|That|The|Then|There|They|This|Today|"
    "Tomorrow|Turn|We|What|When|Where|Which|Would|Yes|You|Your"
)
"""Words that a sentence begins with rather than a name, as a regular expression."""

_NAME = rf"(?!(?:{STARTS})\b)[A-ZÀ-Þ]"
_STREETS = {
    "St": "Street",
    "Rd": "Road",
    "Ave": "Avenue",
    "Av": "Avenue",
    "Blvd": "Boulevard",
    "Dr": "Drive",
    "Ln": "Lane",
    "Ct": "Court",
    "Sq": "Square",
    "Pl": "Place",
    "Pkwy": "Parkway",
    "Cres": "Crescent",
    "Terr": "Terrace",
    "Hwy": "Highway",
}
_STREET = re.compile(
    rf"(?P<before>(?:\b[A-ZÀ-Þ][\w’'-]*|\d(?:st|nd|rd|th)) )(?P<short>{'|'.join(_STREETS)})"
    rf"(?![\w’'])(?P<dot>\.?)(?!\.? {_NAME})"
)
_SAINT = re.compile(rf"\bSt\b\.? (?={_NAME})")
_HIGHWAY = re.compile(r"\b(?:Hwy|Rte)\b\.? (?=\d)")
_TITLES = {
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Dr": "Doctor",
    "Prof": "Professor",
    "Mt": "Mount",
    "Ft": "Fort",
}
_TITLE = re.compile(rf"\b({'|'.join(_TITLES)})\b\.? (?=[A-ZÀ-Þ])")
_SHORT = {
    r"e\.g\.,?": "for example",
    r"i\.e\.,?": "that is",
    r"etc\b": "et cetera",
    r"vs\b\.?": "versus",
    r"approx\b\.?": "approximately",
    r"ca\. (?=\d)": "about ",
    r"incl\b\.?": "including",
    r"excl\b\.?": "excluding",
    r"max\. ": "maximum ",
    r"min\. (?=[\d-])": "minimum ",
    r"avg\b\.?": "average",
    r"temp\b\.?": "temperature",
    r"dept\b\.?": "department",
    r"tel\b\.?:?": "telephone",
    r"hrs\b": "hours",
    r"w/o\b": "without",
    r"w/(?= ?[a-z])": "with",
    r"N/A\b": "not available",
    r"24/7\b": "24 7",
    r"and/or\b": "and or",
    r"Jr\b\.?": "Junior",
    r"Bldg\b\.?": "Building",
    r"Apt\b\.?": "Apartment",
    r"Jct\b\.?": "Junction",
    r"Stn\b\.?": "Station",
}
_ABBREVIATIONS = tuple(
    (re.compile(rf"(?<![\w.])(?:{short})"), words) for short, words in _SHORT.items()
)
_EITHER = re.compile(r"(?<=[^\W\d]) ?/ ?(?=[^\W\d])")
_DAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_DAY_RANGE = re.compile(rf"\b({'|'.join(_DAYS)})\b\.? ?[–—-] ?({'|'.join(_DAYS)})\b\.?")
_MONTH = "(?:Jan|Febr)uary|March|April|May|Ju(?:ne|ly)|August|(?:Sept|Octo|Novem|Decem)(?:em)?ber"
_DAY = re.compile(
    rf"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|(?:Sat|Sun)(?=\.?,? (?:\d|{_MONTH})))\b\.?(?=,? |$)"
)

_LETTERS = "ABS|ACC|AEB|AWD|BEV|DAB|ECU|EPB|ESP|ETA|EV|FAQ|IVI|LED|OBD|OTA|PHEV|POI|SOC|NYC"
"""Abbreviations that are spelt and that a phonemizer takes for words. AC, USB, GPS it spells."""
_SPELT = re.compile(rf"\b({_LETTERS})(s?)\b")

_ROMAN = r"(?=[XVI])X{0,3}(?:IX|IV|V?I{0,3})"
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10}
_NUMBERED = "Ring|Kehä|Chapter|Part|Phase|Act|Level|Section|Line|Stage|Class|Type|World War"
_REIGNED = (
    "Alexander|Benedict|Carl|Catherine|Charles|Christian|Edward|Elizabeth|Francis|Frederick|"
    "George|Gustaf|Gustav|Henry|James|John Paul|Louis|Nicholas|Oscar|Peter|Philip|Pius|Richard|"
    "Wilhelm|William"
)
_AFTER_KIND = re.compile(rf"\b({_NUMBERED}) ({_ROMAN})\b")
_AFTER_RULER = re.compile(rf"\b({_REIGNED}) ({_ROMAN})\b(?!\.\w)")
_AFTER_NAME = re.compile(rf"\b([A-ZÀ-Þ][\w’'-]+) (?=[IVX]{{2}})({_ROMAN})\b")

_SIGNS = (
    (re.compile(r"\s*[–—]\s+|\s+[–—]\s*|(?<=[^\W\d])[–—](?=[^\W\d])"), ", "),
    (re.compile(r"≈ ?|~ ?(?=\d)"), "about "),
    (re.compile(r"≥ ?|>= ?"), "at least "),
    (re.compile(r"≤ ?|<= ?"), "at most "),
    (re.compile(r"(?<!\S)< ?(?=\d)"), "less than "),
    (re.compile(r"(?<!\S)> ?(?=\d)"), "more than "),
    (re.compile(r"\+/-|±"), "plus or minus "),
    (re.compile(r"(?<=\w) ?= ?(?=\w)"), " equals "),
    (re.compile(r"(?<=\d)\+(?=\s|$)"), " plus"),
    (re.compile(r"(?<=\w) \+ (?=\w)"), " plus "),
    (re.compile(r"(?<!\S)\+(?=\d)"), "plus "),
    (re.compile(r"\s*&\s*"), " and "),
    (re.compile(r" @ "), " at "),
)


def unmarked(text: str) -> str:
    """Without emoji, HTML, and the marks of Markdown that other steps do not need."""
    text = html.unescape(text)
    text = _LINK.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    text = _PICTOGRAPHS.sub("", text)
    text = _BULLET.sub("", text.strip())
    text = _LISTED.sub(r"\1, ", text)
    return _BREAK.sub(lambda match: line_end(text, match.start()), text)


def line_end(text: str, at: int) -> str:
    """What a line break at this place is: the end of a sentence, unless one just ended."""
    return " " if text[:at].rstrip().endswith((".", "!", "?", ",", ";", ":")) else ". "


def addresses(text: str) -> str:
    """E-mail and web addresses."""
    text = _EMAIL.sub(lambda match: _spelled(match[0]), text)
    return _WEB.sub(_web, text)


def signs(text: str) -> str:
    """Signs between words and numbers; to be called before markup is taken out."""
    text = _DAY_RANGE.sub(lambda match: f"{_DAYS[match[1]]} to {_DAYS[match[2]]}", text)
    for sign, words in _SIGNS:
        text = sign.sub(words, text)
    return text


def abbreviations(text: str) -> str:
    """Streets, titles, days, and what else is written short."""
    text = _STREET.sub(_street, text)
    text = _SAINT.sub("Saint ", text)
    text = _HIGHWAY.sub("Highway ", text)
    text = _TITLE.sub(lambda match: f"{_TITLES[match[1]]} ", text)
    for short, words in _ABBREVIATIONS:
        text = short.sub(words, text)
    text = _EITHER.sub(", ", text)
    return _DAY.sub(lambda match: _DAYS[match[1]], text)


def letters(text: str) -> str:
    """Abbreviations that are spelt, and Roman numerals where they surely are some."""
    text = _AFTER_KIND.sub(lambda match: _roman(match, ordinal=False), text)
    text = _AFTER_RULER.sub(lambda match: _roman(match, ordinal=True), text)
    text = _AFTER_NAME.sub(lambda match: _roman(match, ordinal=False), text)
    return _SPELT.sub(lambda match: "-".join(match[1]) + ("'s" if match[2] else ""), text)


def clean(text: str) -> str:
    """Without what is left of markup, and with single spaces."""
    text = _MARKUP.sub(" ", text)
    text = re.sub(r"\s+([,.;:!?])(?=\s|$)", r"\1", text)
    return " ".join(text.split())


def _web(match: Match) -> str:
    return _spelled(re.sub(r"(?i)^(?:https?://)?(?:www\.)?", "", match[0]).rstrip("/"))


def _spelled(address: str) -> str:
    return "".join(_WEB_SIGNS.get(letter, letter) for letter in address).strip()


def _street(match: Match) -> str:
    # The dot may end the sentence, too.
    rest = match.string[match.end() :]
    ends = match["dot"] and (not rest.strip() or re.match(r"\s+[A-ZÀ-Þ]", rest))
    return match["before"] + _STREETS[match["short"]] + ("." if ends else "")


def _roman(match: Match, *, ordinal: bool) -> str:
    digits = [_ROMAN_DIGITS[letter] for letter in match[2]]
    number = sum(-digit if digit < max(digits[at:]) else digit for at, digit in enumerate(digits))
    return f"{match[1]} {f'the {ordinal_number(number)}' if ordinal else number}"


def ordinal_number(number: int) -> str:
    """1st, 2nd, 11th, 23rd."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
