"""Names of colours: one list for what is said and what is read back."""

from __future__ import annotations

import pytest

from skills.colors import COLORS, color_value
from skills.phrasing import color


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("golden", "#FFD700"),
        ("navy", "#000080"),
        ("Aqua", "#00FFFF"),
        ("champagne", "#F7E7CE"),
        ("tangerine", "#F28500"),
        ("deep sunset orange", "#FD5E53"),
        ("copper colour", "#B87333"),
        ("light", None),
        ("#123456", "#123456"),
    ],
)
def test_color_value_reads_the_names_of_the_shared_list(said: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="no colour"):
            color_value(said)
    else:
        assert color_value(said) == value


def test_every_color_is_read_back_by_a_name_that_means_it() -> None:
    assert all(color_value(name) == value for value, name in COLORS.items())
    assert (color("#FFD700"), color("#98FF98"), color("#FF0000")) == ("gold", "mint green", "red")
