"""``cockpit models`` on a store in a temporary folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cockpit.assets.errors import AllSourcesFailed, HashMismatch, SourceUnreachable
from cockpit.assets.store import AssetStore
from cockpit.cli.exits import Exit
from cockpit.cli.models import app


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_MODELS", str(tmp_path))
    monkeypatch.setenv("COCKPIT_OFFLINE", "1")
    return tmp_path


def test_list_shows_every_asset_with_state() -> None:
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == Exit.OK
    row = next(line for line in result.stdout.splitlines() if line.startswith("smollm2-135m"))
    assert row.split()[-5:] == ["Apache-2.0", "98.4", "MB", "default", "missing"]


def test_list_json_is_machine_readable(root: Path) -> None:
    (root / "map-helsinki").mkdir()
    (root / "map-helsinki" / "Helsinki.osm.pbf").write_bytes(bytes(685110))
    rows = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    helsinki = next(row for row in rows if row["name"] == "map-helsinki")
    assert helsinki["state"] == "present"
    assert helsinki["licence"] == "ODbL-1.0"
    assert helsinki["path"] == str(root / "map-helsinki" / "Helsinki.osm.pbf")


def test_verify_of_wrong_file_fails_and_names_it(root: Path) -> None:
    path = root / "map-helsinki" / "Helsinki.osm.pbf"
    path.parent.mkdir()
    path.write_bytes(bytes(685110))
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == Exit.FAILED
    assert result.stdout == "map-helsinki: Helsinki.osm.pbf: wrong hash, deleted\n"
    assert "cockpit models pull map-helsinki" in result.stderr
    assert not path.exists()


def test_pull_of_unknown_name_suggests_and_ends_with_usage() -> None:
    result = CliRunner().invoke(app, ["pull", "wisper-base"])
    assert result.exit_code == Exit.USAGE
    assert "did you mean whisper-base?" in result.stderr


def test_pull_offline_ends_with_unavailable() -> None:
    result = CliRunner().invoke(app, ["pull"])
    assert result.exit_code == Exit.UNAVAILABLE
    assert "downloads are switched off" in result.stderr


def test_path_of_missing_asset_ends_with_unavailable(root: Path) -> None:
    assert CliRunner().invoke(app, ["path"]).stdout.strip() == str(root)
    result = CliRunner().invoke(app, ["path", "smollm2-135m"])
    assert result.exit_code == Exit.UNAVAILABLE
    assert "cockpit models pull smollm2-135m" in result.stderr


def test_pull_all_skips_an_optional_asset_that_is_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pull(self: AssetStore, name: str, progress: object = None) -> bool:
        if name == "vosk-en-small":
            raise AllSourcesFailed(name, [SourceUnreachable("alphacephei.com cannot be reached")])
        return False

    monkeypatch.setattr(AssetStore, "pull", pull)
    result = CliRunner().invoke(app, ["pull", "--all"])
    assert result.exit_code == Exit.OK
    skipped = [line for line in result.stderr.splitlines() if "skipped" in line]
    assert skipped == [
        "vosk-en-small: skipped, it is optional: "
        "vosk-en-small could not be fetched: alphacephei.com cannot be reached."
    ]
    assert CliRunner().invoke(app, ["pull", "vosk-en-small"]).exit_code == Exit.UNAVAILABLE


def test_pull_all_does_not_skip_a_wrong_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(self: AssetStore, name: str, progress: object = None) -> bool:
        if name == "vosk-en-small":
            raise AllSourcesFailed(name, [HashMismatch("vosk.zip has a wrong hash")])
        return False

    monkeypatch.setattr(AssetStore, "pull", pull)
    result = CliRunner().invoke(app, ["pull", "--all"])
    assert result.exit_code == Exit.UNAVAILABLE
    assert "wrong hash" in result.stderr


def test_pull_stopped_by_the_user_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(self: AssetStore, name: str, progress: object = None) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(AssetStore, "pull", pull)
    result = CliRunner().invoke(app, ["pull"])
    assert result.exit_code == Exit.INTERRUPTED
    assert "run the same command again" in result.stderr
