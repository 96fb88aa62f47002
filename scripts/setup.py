"""Set up everything the project needs: environment, packages, models, map, demo recordings.

Run by ``scripts/bootstrap`` with a Python >= 3.12 that has nothing installed, so it uses the
standard library only. Each step leaves a mark of what it was made from and is skipped while
that has not changed; a second run takes about a second and needs no network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import tomllib
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "setup.log"
EXTRAS = ("llm", "speech", "audio", "maps", "ui", "dev")
NEEDED_GIB = 5.0  # environment 1.2, cached packages 0.5, models 0.5, llama.cpp's build 1.5, room
DEBIAN_PACKAGES = {
    "mosquitto": (Path("/usr/sbin/mosquitto"), "the tests against an external broker are skipped"),
    "libportaudio2": (None, "microphone and loudspeaker cannot be used, WAV files can"),
    "espeak-ng": (Path("/usr/bin/espeak-ng"), "one test of the Korean recogniser is skipped"),
    "pulseaudio": (Path("/usr/bin/pulseaudio"), "the tests of sound devices are skipped"),
    "libasound2-plugins": (
        Path(f"/usr/lib/{platform.machine()}-linux-gnu/alsa-lib/libasound_module_pcm_pulse.so"),
        "the tests of sound devices are skipped",
    ),
    "chromium": (Path("/usr/bin/chromium"), "the test of the dashboard in a browser is skipped"),
    "chromium-driver": (
        Path("/usr/bin/chromedriver"),
        "the test of the dashboard in a browser is skipped",
    ),
}
# Only the shared libraries are needed: no tools, tests, examples, server or multimodal part.
LLAMA_CMAKE = (
    "-DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF "
    "-DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_OPENSSL=OFF "
    # GCC before 13.3 drops the tile configuration of llama.cpp's AMX code as dead stores (GCC
    # PR114098), and the first long prompt then ends the process with SIGILL.
    "-DCMAKE_C_FLAGS=-U__AMX_INT8__ -DCMAKE_CXX_FLAGS=-U__AMX_INT8__"
)


class SetupError(Exception):
    """A step cannot be done; the text says what to do."""


def main() -> int:
    """Run the steps that are due."""
    parser = argparse.ArgumentParser(prog="scripts/bootstrap", description=__doc__.split("\n")[0])
    parser.add_argument("--no-system", action="store_true", help="leave system packages alone")
    options = parser.parse_args()
    began = time.monotonic()
    try:
        steps(system=not options.no_system)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: stopped; run it again to go on from here.", file=sys.stderr)
        return 130
    took = time.monotonic() - began
    if took > 5:
        say(f"Ready after {took / 60:.1f} minutes.")
    return 0


def steps(*, system: bool) -> None:
    """All steps in order, each only if its mark is out of date."""
    requirements = read_requirements()
    mark = digest(*requirements, platform.machine(), sys.version, LLAMA_CMAKE)
    if not is_done("environment", mark):
        check_disk()
        if system:
            install_system_packages()
        make_environment()
        install_packages(requirements)
        set_done("environment", mark)
    catalogue = digest(
        (ROOT / "models" / "catalog.toml").read_text(encoding="utf-8"),
        *(hash_of(path) for path in sorted((ROOT / "models" / "adapters").glob("*.gguf"))),
    )
    if not is_done("assets", catalogue) or not assets_are_there():
        say("Models, voice and map (385 MB the first time; our own model is made from one of them)")
        run_step([str(VENV / "bin" / "cockpit"), "models", "pull"], "The default assets")
        set_done("assets", catalogue)
    prepared = digest(catalogue, *(file.read_text("utf-8") for file in prepared_from()))
    if not is_done("prepared", prepared):
        say("Map, recordings of the demo, instructions of the language model")
        run_step([str(VENV / "bin" / "cockpit"), "prepare"], "Preparing map and recordings")
        set_done("prepared", prepared)


def prepared_from() -> list[Path]:
    """Files that the map, the demo's recordings and the model's instructions are made from."""
    folders = (ROOT / "skills", ROOT / "cockpit" / "demo", ROOT / "cockpit" / "agent" / "llm")
    files = [path for folder in folders for path in folder.rglob("*.py")]
    files += [path for folder in folders[1:] for path in folder.rglob("*.yaml")]
    return [ROOT / "cockpit" / "cli" / "prepare.py", *sorted(files)]


def read_requirements() -> list[str]:
    """Our dependencies and those of every extra, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found = [*project["dependencies"], *(line for name in EXTRAS for line in extras[name])]
    return [*found, "setuptools>=77"]


def check_disk() -> None:
    """Refuse to begin what would fill the disk."""
    for place in (ROOT, cache_dir()):
        place.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(place).free / 2**30
        if free < NEEDED_GIB and not is_small_job():
            raise SetupError(
                f"only {free:.1f} GiB are free at {place}, and the first set-up needs "
                f"{NEEDED_GIB:.0f} GiB; free some and run this again."
            )


def is_small_job() -> bool:
    """True where the environment exists and needs an update only."""
    return PYTHON.exists() and free_gib(ROOT) > 1.5


def free_gib(place: Path) -> float:
    """Free disk space."""
    return shutil.disk_usage(place).free / 2**30


def install_system_packages() -> None:
    """Install Debian packages where apt and the rights are there, else say what is missing."""
    missing = [name for name in DEBIAN_PACKAGES if not has_system_package(name)]
    if not missing:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    can = shutil.which("apt-get") is not None and (
        not sudo or subprocess.run([*sudo, "true"], capture_output=True).returncode == 0
    )
    if can:
        say(f"System packages: {', '.join(missing)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        base = [*sudo, "apt-get", "-qq", "-o", "Acquire::Retries=1"]
        subprocess.run([*base, "update"], env=environment, capture_output=True)
        subprocess.run(
            [*base, "install", "-y", "--no-install-recommends", *missing],
            env=environment,
            capture_output=True,
        )
    for name in missing:
        if not has_system_package(name):
            _, without = DEBIAN_PACKAGES[name]
            say(
                f"Without the system package {name}, {without}; install it with: apt install {name}"
            )


def has_system_package(name: str) -> bool:
    """True where the package's program or library is on this machine, or must not be."""
    if name == "pulseaudio" and shutil.which("pipewire-pulse"):
        return True  # it would take this sound server's place
    program, _ = DEBIAN_PACKAGES[name]
    if program is not None:
        return program.exists() or shutil.which(program.name) is not None
    from ctypes.util import find_library

    return find_library("portaudio") is not None


def make_environment() -> None:
    """Create the virtual environment, or keep the one that fits."""
    if not PYTHON.exists():
        say(f"Virtual environment with Python {platform.python_version()}")
        try:
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        except (OSError, subprocess.CalledProcessError) as error:
            raise SetupError(f"the virtual environment could not be made ({error}).") from error


def install_packages(requirements: Sequence[str]) -> None:
    """Collect wheels in a cache of our own, then install from there alone.

    What the cache holds already is enough for a second clone, without network. It also keeps
    llama.cpp's build, which depends on our build options.
    """
    llama = [line for line in requirements if line.startswith("llama-cpp-python")]
    others = [line for line in requirements if line not in llama]
    wheels = cache_dir() / "wheels"
    built = wheels / f"llama-{digest(*llama, LLAMA_CMAKE, platform.machine())}"
    built.mkdir(parents=True, exist_ok=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet", "--no-index"]
    install += ["--find-links", str(wheels), "--find-links", str(built), *requirements]
    say("Installing the packages")
    if subprocess.run(install, capture_output=True).returncode != 0:
        say("Fetching Python packages (400 MB the first time)")
        run_step([*pip, "wheel", "--quiet", "--wheel-dir", str(wheels), *others], "The packages")
        if not list(built.glob("llama_cpp_python-*.whl")):
            # pip's own cache does not know our build options, so it is left out.
            build_llama([*pip, "wheel", "-v", "--no-cache-dir", "--wheel-dir", str(built), *llama])
        say("Installing the packages")
        run_step(install, "Installing the packages")
    editable = [*pip, "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    run_step([*editable, "-e", str(ROOT)], "Installing cockpit")


def build_llama(command: Sequence[str]) -> None:
    """Compile llama.cpp, with a progress bar drawn from the build's own counter."""
    for tool in ("cc", "c++"):
        if shutil.which(os.environ.get("CC" if tool == "cc" else "CXX", tool)) is None:
            raise SetupError(
                "no C++ compiler was found, which llama.cpp needs; "
                "install one (for example: apt install build-essential) and run this again."
            )
    say("Compiling llama.cpp (4 to 10 minutes on two cores, once)")
    environment = {"CMAKE_ARGS": LLAMA_CMAKE, **os.environ}
    began = time.monotonic()
    shown = -1
    with LOG.open("a", encoding="utf-8") as log:
        for line in output_of(command, environment):
            log.write(line)
            found = re.search(r"\[(\d+)/(\d+)\]", line)
            if found:
                done, total = int(found[1]), int(found[2])
                percent = 100 * done // total
                if percent != shown:
                    shown = percent
                    draw(percent, f"{done}/{total} files, {time.monotonic() - began:.0f} s")
    if sys.stderr.isatty():
        print(file=sys.stderr)
    say(f"llama.cpp compiled in {time.monotonic() - began:.0f} s")


def output_of(command: Sequence[str], environment: dict[str, str]) -> Iterator[str]:
    """Lines of a command's output as they come.

    Raises:
        SetupError: it failed.
    """
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        tail: list[str] = []
        for line in process.stdout:
            tail = [*tail[-200:], line]
            yield line
    if process.returncode:
        raise SetupError(explain("Compiling llama.cpp", "".join(tail)))


def draw(percent: int, detail: str) -> None:
    """A progress bar on a terminal, a line each ten percent elsewhere."""
    if sys.stderr.isatty():
        bar = "#" * (percent * 30 // 100)
        print(f"\r   [{bar:<30}] {percent:3d} %  {detail}   ", end="", file=sys.stderr, flush=True)
    elif percent % 10 == 0:
        print(f"   {percent:3d} %  {detail}", file=sys.stderr, flush=True)


def assets_are_there() -> bool:
    """True where the store still holds the default assets (it lies outside the clone)."""
    command = [str(VENV / "bin" / "cockpit"), "--offline", "models", "pull"]
    return subprocess.run(command, capture_output=True).returncode == 0


def run_step(command: Sequence[str], what: str) -> None:
    """Run a command that shows its own progress; keep its errors for the explanation.

    Raises:
        SetupError: it failed, with a guess at why.
    """
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stderr is not None
        said: list[str] = []
        while chunk := process.stderr.read(1):
            said.append(chunk)
            if sys.stderr.isatty() or "pip" not in command:
                sys.stderr.write(chunk)
                sys.stderr.flush()
    if process.returncode == 130 or process.returncode == -2:
        raise KeyboardInterrupt
    if process.returncode:
        raise SetupError(explain(what, "".join(said)))


def explain(what: str, output: str) -> str:
    """One sentence for the commonest ways in which a step fails."""
    VENV.mkdir(exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log:
        log.write(output)
    lowered = output.lower()
    if "no space left" in lowered:
        return f"{what} failed because the disk is full; free some space and run this again."
    network = ("connection", "temporary failure", "name resolution", "timed out", "unreachable",
               "could not find a version", "no matching distribution", "proxyerror")  # fmt: skip
    if any(sign in lowered for sign in network):
        return (
            f"{what} failed because the network cannot be reached and not all is cached yet; "
            "connect once and run this again, it goes on where it stopped."
        )
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
    return f"{what} failed: {last[:300]} (more in .venv/setup.log)"


def cache_dir() -> Path:
    """Where wheels are kept across clones."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "offline-cockpit"


def digest(*parts: str) -> str:
    """A short hash of what a step was made from."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def hash_of(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_done(step: str, mark: str) -> bool:
    """True where the step was done from the same inputs."""
    stamp = VENV / f".done-{step}"
    return PYTHON.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == mark


def set_done(step: str, mark: str) -> None:
    """Remember what a step was made from."""
    (VENV / f".done-{step}").write_text(mark, encoding="utf-8")


def say(text: str) -> None:
    """One line about what happens now."""
    print(f"== {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
