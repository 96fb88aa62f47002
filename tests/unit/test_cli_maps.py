"""``cockpit maps`` on a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cockpit.cli.exits import Exit
from cockpit.cli.maps import app
from cockpit.settings import MapSettings, Settings
from tests.fakes.town import write_town

pytest.importorskip("valhalla")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(maps=MapSettings(root=tmp_path / "maps", name="town"))


def test_import_then_list(tmp_path: Path, settings: Settings) -> None:
    extract = tmp_path / "Town.osm.pbf"
    write_town(extract)
    imported = CliRunner().invoke(app, ["import", str(extract)], obj=settings)
    assert imported.exit_code == Exit.OK, imported.output
    assert "Imported town: 13 places, 16 streets" in imported.stdout
    assert "© OpenStreetMap contributors" in imported.stdout
    listed = CliRunner().invoke(app, ["list", "--json"], obj=settings)
    [row] = json.loads(listed.stdout)
    assert (row["name"], row["used"], row["counts"]["streets"]) == ("town", True, 16)
    assert "Town.osm.pbf" in CliRunner().invoke(app, ["list"], obj=settings).stdout


def test_import_of_a_bad_file_is_one_sentence(tmp_path: Path, settings: Settings) -> None:
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(b"nothing")
    result = CliRunner().invoke(app, ["import", str(bad)], obj=settings)
    assert result.exit_code == Exit.FAILED
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.startswith("cockpit: bad.osm.pbf is not an OpenStreetMap extract")


def test_list_without_maps_says_how_to_get_one(settings: Settings) -> None:
    result = CliRunner().invoke(app, ["list"], obj=settings)
    assert result.exit_code == Exit.OK
    assert "cockpit maps import" in result.stderr
