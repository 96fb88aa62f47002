"""Numbers as people say them: times, dates, money, units, telephone numbers, years.

A synthesiser's phonemizer reads plain numbers, decimals and "21st" well, so these stay digits.
What it misreads is brought into that form: 14:05 becomes "2 oh 5 PM", 1984 "19 84", € 3.50
"3 euros 50". Every function takes text and returns text, and leaves alone what it made before.
"""

from __future__ import annotations

import re

from cockpit.speech.spoken_words import ordinal_number

type Match = re.Match[str]

# Singular, plural.
_UNITS: dict[str, tuple[str, str]] = {
    "°C": ("degree", "degrees"),
    "℃": ("degree", "degrees"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "ppm": ("part per million", "parts per million"),
    "kph": ("kilometre per hour", "kilometres per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "mpg": ("mile per gallon", "miles per gallon"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "km": ("kilometre", "kilometres"),
    "m": ("metre", "metres"),
    "dm": ("decimetre", "decimetres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "mi": ("mile", "miles"),
    "yd": ("yard", "yards"),
    "ft": ("foot", "feet"),
    "km²": ("square kilometre", "square kilometres"),
    "m²": ("square metre", "square metres"),
    "m³": ("cubic metre", "cubic metres"),
    "ha": ("hectare", "hectares"),
    "hPa": ("hectopascal", "hectopascals"),
    "kPa": ("kilopascal", "kilopascals"),
    "MPa": ("megapascal", "megapascals"),
    "mbar": ("millibar", "millibars"),
    "psi": ("P S I", "P S I"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "Wh": ("watt hour", "watt hours"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "MWh": ("megawatt hour", "megawatt hours"),
    "V": ("volt", "volts"),
    "kV": ("kilovolt", "kilovolts"),
    "mA": ("milliampere", "milliamperes"),
    "Ah": ("ampere hour", "ampere hours"),
    "hp": ("horsepower", "horsepower"),
    "Nm": ("newton metre", "newton metres"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "dB": ("decibel", "decibels"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "t": ("tonne", "tonnes"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "l": ("litre", "litres"),
    "L": ("litre", "litres"),
    "dl": ("decilitre", "decilitres"),
    "cl": ("centilitre", "centilitres"),
    "ml": ("millilitre", "millilitres"),
    "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "kcal": ("kilocalorie", "kilocalories"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "€": ("euro", "euros"),
    "$": ("dollar", "dollars"),
    "£": ("pound", "pounds"),
    "EUR": ("euro", "euros"),
    "USD": ("dollar", "dollars"),
    "GBP": ("pound", "pounds"),
}
_CENTS = {"€": "cent", "$": "cent", "£": "penny", "EUR": "cent", "USD": "cent", "GBP": "penny"}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DECADES = {
    "1": "tens",
    "2": "twenties",
    "3": "thirties",
    "4": "forties",
    "5": "fifties",
    "6": "sixties",
    "7": "seventies",
    "8": "eighties",
    "9": "nineties",
}

_NUMBER = r"(?<!\d)(?<!\d[.,])\d+(?:[.,]\d+)*"
_NAMES = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_SHORT_MONTHS = "|".join(rf"{name[:3]}(?:{name[3:]})?\b\.?" for name in _MONTHS)
_YEAR = r"(?:1[1-9]|20)\d\d"

_THOUSANDS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
_SPACED = re.compile(
    r"(?<![\d.,+])\d{1,3}(?: \d{3})+(?= ?(?:€|kilomet|met(?:re|er)|people|k?m\b|euros|kWh\b|l\b))"
)
_PHONE = re.compile(
    r"(?<![\w.,:/-])(?:"
    r"\+\d[\d ()-]{6,18}\d"  # +358 40 123 4567
    r"|\(?0\d{1,3}\)?[ -]?\d{3,4}[ -]?\d{2,4}(?:[ -]?\d{2,4})?"  # 040-123 4567
    r"|0\d{2} \d{4,6}"  # 010 3000
    r"|\(\d{3}\) ?\d{3}-\d{4}|\d{3}-\d{3}-\d{4}|\d{3}-\d{4}"  # (555) 123-4567
    r")(?![\w%°€:/-]|[.,]\d)"
)
_CALLED = re.compile(r"(?i)\b(call|dial|ring|phone|number is) (\d{3})(?![\d.,]*\d| ?[%°€$])\b")
_ISO = re.compile(rf"\b({_YEAR})-(0\d|1[0-2])-([0-2]\d|3[01])(T(?=\d\d:\d\d)|(?![\d-]))")
_DOTTED = re.compile(rf"(?<![\d.])([0-2]?\d|3[01])\.(0?\d|1[0-2])\.({_YEAR})\b")
_SLASHED = re.compile(rf"(?<![\d/])(\d\d?)/(\d\d?)/({_YEAR})\b(?!/)")
_DAY_MONTH = re.compile(
    rf"(?<![\d:.,])(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)?\.? (?P<month>{_SHORT_MONTHS})"
    rf"(?:,? (?P<year>{_YEAR})\b)?"
)
_MONTH_DAY = re.compile(
    rf"\b(?P<month>{_SHORT_MONTHS}) (?P<day>[12]?\d|3[01])"
    r"(?!\w| \d\d\b|[.,:]\d| ?[°%€$]| (?!(?:at|to|in|is|and|or|from|until)\b)[a-z])"
    rf"(?:,? (?P<year>{_YEAR})\b)?"
)
_MONTH_YEAR = re.compile(rf"\b({'|'.join(_MONTHS)}),? ({_YEAR})\b")
_DECADE = re.compile(
    r"(?:(?P<the>\b(?:the|late|early|mid|my|your|his|her|their) |\bmid-)[’']?)?"
    r"(?P<century>1[1-9]|20)?(?P<ten>\d)0[’']?s\b"
)
_AFTER_IN = re.compile(
    r"(?i)\b(in|since|until|till|by|before|after|from|of|to|year|during|summer|winter|spring) "
    rf"({_YEAR})(?![\d:-]|[.,]\d| ?[%°€$£]| (?:[a-z]+s|per|metre|meter|minute|foot|feet)\b)"
)
_PERIOD = re.compile(r"(?<![\d:.])(\d{1,2}):([0-5]\d) ?(?:h|hrs?|hours?)\b")
_TIME = re.compile(
    r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])"
    r"(?P<half> ?(?:[ap]m|[ap]\.m\.?|AM|PM)(?!\w))?"
)
_CLOCK_HOUR = re.compile(r"(?<![\d:.,-])(\d{1,2}) ?(am|pm|AM|PM)\b")
_RANGE = re.compile(r"(?<=\d)(\s?(?:%|°C?|€)?)\s?[–—-]\s?(?=\d)")
_MINUS = re.compile(r"(?<![\w.)])[-−–](?=\d)")
_FRACTIONS = {
    "½": "a half",
    "⅓": "a third",
    "⅔": "two thirds",
    "¼": "a quarter",
    "¾": "three quarters",
}
_SLASH_FRACTIONS = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}
_FRACTION = re.compile(r"(?<![\d/.])(?:1/[234]|[23]/[34])(?![\d/:]|[.,]\d)")
_OUT_OF = re.compile(r"(?<![\d/])(\d+(?:\.\d+)?) ?/ ?(5|10|100)(?![\d/:]|[.,]\d)")
_MONEY = re.compile(
    rf"(?P<sign>[€$£])\s?(?P<number>{_NUMBER})(?P<scale>[kKM]\b|\s?(?:thousand|million|billion))?"
    rf"|(?P<number2>{_NUMBER})(?P<scale2>\s?(?:thousand|million|billion))?"
    rf"\s?(?P<sign2>[€£]|(?:EUR|USD|GBP)\b)"
)
_PER = re.compile(rf"(?<=[a-z\d])\s?/\s?(?:(100) ?)?({_NAMES})(?![A-Za-z0-9²³])")
_UNIT = re.compile(
    rf"(?P<number>{_NUMBER}) ?(?P<unit>{_NAMES})"
    rf"(?P<per>(?: ?/ ?(?:100 ?)?(?:{_NAMES}))?)(?![A-Za-z0-9²³])(?!\.[A-Za-z])"
)
_DIRECTIONS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_COORDINATE = re.compile(r"(?<=\d)\s?° ?([NSEW])\b")


def telephones(text: str) -> str:
    """Telephone numbers digit by digit, in the groups that they are written in."""
    text = _CALLED.sub(lambda match: f"{match[1]} {' '.join(match[2])}", text)
    return _PHONE.sub(_telephone, text)


def dates_and_times(text: str) -> str:
    """Dates, clock times, decades and years."""
    text = _ISO.sub(lambda m: _date(m[3], m[2], m[1]) + " at " * bool(m[4]), text)
    text = _DOTTED.sub(lambda match: _date(match[1], match[2], match[3]), text)
    text = _SLASHED.sub(_slashed, text)
    text = _DAY_MONTH.sub(_day_of_month, text)
    text = _MONTH_DAY.sub(_day_of_month, text)
    text = _MONTH_YEAR.sub(lambda match: f"{match[1]} {_year(match[2])}", text)
    text = _DECADE.sub(_decade, text)
    text = re.sub(r"(?<=\d)(?: ?[–—-] ?)(?=\d\d?:\d\d)", " to ", text)
    text = _PERIOD.sub(_period, text)
    text = _TIME.sub(_time, text)
    return _CLOCK_HOUR.sub(lambda match: f"{match[1]} {match[2].upper()}", text)


def amounts(text: str) -> str:
    """Money, units, ranges, signs and fractions; years that only their place gives away."""
    text = _THOUSANDS.sub("", text)
    text = _SPACED.sub(lambda match: match[0].replace(" ", ""), text)
    text = re.sub(r"(?<!\d)(?<!\d )\bkm/h\b", "kilometres per hour", text)
    text = _COORDINATE.sub(lambda match: f" degrees {_DIRECTIONS[match[1]]}", text)
    text = _FRACTION.sub(lambda match: _SLASH_FRACTIONS.get(match[0], match[0]), text)
    text = _OUT_OF.sub(r"\1 out of \2", text)
    text = _MONEY.sub(_money, text)
    text = _RANGE.sub(r"\1 to ", text)
    text = _MINUS.sub("minus ", text)
    for sign, words in _FRACTIONS.items():
        text = re.sub(rf"(?<=\d) ?{sign}", f" and {words}", text).replace(sign, words)
    text = _UNIT.sub(_unit, text)
    text = _PER.sub(_per, text)
    text = re.sub(r"\b4x4\b", "4 by 4", text)
    text = re.sub(r"(?<=\d) ?[x×] ?(?=\d)", " times ", text)
    text = re.sub(r"(?<=\d)[x×](?!\w)", " times", text)
    text = re.sub(r"(?:#|\bNo\. ?|\bNr\. ?|№ ?)(?=\d)", "number ", text)
    return _AFTER_IN.sub(lambda match: f"{match[1]} {_year(match[2])}", text)


def _telephone(match: Match) -> str:
    groups = re.findall(r"\d+", match[0])
    if len(groups) == 1 and len(groups[0]) > 4:
        digits = groups[0]
        last = len(digits) - 4
        groups = [digits[at : min(at + 3, last)] for at in range(0, last, 3)] + [digits[last:]]
    plus = "plus " if match[0].startswith("+") else ""
    return plus + ", ".join(" ".join(group) for group in groups)


def _year(year: str) -> str:
    """1984 is read 19 84, 1905 19 oh 5; 1900 and 2005 are read well as they are."""
    century, rest = year[:2], year[2:]
    if rest == "00" or year.startswith("200"):
        return year
    return f"{century} {f'oh {rest[1]}' if rest[0] == '0' else rest}"


def _date(day: str, month: str, year: str | None) -> str:
    name = _MONTHS[int(month) - 1] if 1 <= int(month) <= 12 else month
    return f"{name} {ordinal_number(int(day))}" + (f", {_year(year)}" if year else "")


def _slashed(match: Match) -> str:
    """Month and day where only one of them can be the month; else as it is written."""
    first, second = int(match[1]), int(match[2])
    if second <= 12 < first <= 31 or (first == second <= 12):
        return _date(match[1], match[2], match[3])
    if first <= 12 < second <= 31:
        return _date(match[2], match[1], match[3])
    return f"{first} slash {second} slash {_year(match[3])}"


def _day_of_month(match: Match) -> str:
    short = match["month"][:3]
    month = next(at for at, name in enumerate(_MONTHS, 1) if name.startswith(short))
    return _date(match["day"], str(month), match["year"])


def _decade(match: Match) -> str:
    the, century = match["the"] or "", match["century"] or ""
    words = _DECADES.get(match["ten"], "")
    if not century and not (the and words):
        return match[0]  # "80s" alone may be seconds
    if not words:
        century, words = (century, "hundreds") if century != "20" else ("2", "thousands")
    return f"{the}{f'{century} ' if century else ''}{words}"


def _period(match: Match) -> str:
    hours, minutes = int(match[1]), int(match[2])
    parts = [f"{hours} hour{'s' * (hours != 1)}"] if hours else []
    if minutes or not parts:
        parts.append(f"{minutes} minute{'s' * (minutes != 1)}")
    return " and ".join(parts)


def _time(match: Match) -> str:
    hour, minute, half = int(match["hour"]), int(match["minute"]), match["half"]
    suffix = ""
    if half:
        suffix = f" {half.strip().upper() if '.' not in half else half.strip()}"
    elif (hour, minute) in ((0, 0), (24, 0)):
        return "midnight"
    elif (hour, minute) == (12, 0):
        return "noon"
    elif hour == 0:
        hour, suffix = 12, " AM"
    elif hour > 12:
        hour, suffix = hour - 12, " PM"
    if not minute:
        return f"{hour}{suffix}" if suffix else f"{hour} o'clock"
    return f"{hour} {minute if minute > 9 else f'oh {minute}'}{suffix}"


def _plain(number: str) -> str:
    """A decimal comma becomes a point; commas between thousands stay."""
    return number.replace(",", ".") if re.fullmatch(r"\d+,\d{1,2}", number) else number


def _named(number: str, unit: str) -> str:
    singular, plural = _UNITS[unit]
    return f"{number} {singular if number == '1' else plural}"


def _money(match: Match) -> str:
    sign, number = match["sign"] or match["sign2"], match["number"] or match["number2"]
    scale = (match["scale"] or match["scale2"] or "").strip()
    if scale:
        scale = {"k": "thousand", "K": "thousand", "M": "million"}.get(scale, scale)
        return f"{_plain(number)} {scale} {_UNITS[sign][1]}"
    number = _plain(number)
    whole, dot, rest = number.rpartition(".")
    if not dot or len(rest) != 2:
        return _named(number, sign)
    cents = int(rest)
    if not int(whole.replace(",", "")):
        many = "pence" if _CENTS[sign] == "penny" else "cents"
        return f"{cents} {_CENTS[sign] if cents == 1 else many}"
    return f"{_named(whole, sign)} {cents}" if cents else _named(whole, sign)


def _unit(match: Match) -> str:
    return _named(_plain(match["number"]), match["unit"]) + match["per"]


def _per(match: Match) -> str:
    singular, plural = _UNITS[match[2]]
    return f" per 100 {plural}" if match[1] else f" per {singular}"
