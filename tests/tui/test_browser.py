"""The dashboard in a real browser: headless Chromium, driven by WebDriver."""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from aiohttp import web

from cockpit.cli.vehicle import SimulatedCar, open_simulated_vehicle
from cockpit.ui.web import DashboardServer, command_of
from tests.fakes.brokers import free_port
from tests.tui.cars import WINDOW
from tests.tui.dashboards import quiet_settings

selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
Image = pytest.importorskip("PIL.Image", reason="pillow is not installed")

type Pixels = npt.NDArray[np.uint8]

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
VOLUME = "Vehicle.Cabin.Infotainment.Media.Volume"
KEPT = Path(__file__).parents[2] / "out" / "dashboard-in-chromium.png"
"""The screenshot of the last run."""
PATIENCE = 150.0
STILL = 1.5
"""Seconds for which nothing changes on a page at rest."""

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None or DRIVER is None,
        reason="Chromium and its driver are not installed (apt install chromium chromium-driver)",
    ),
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


class Page:
    """The dashboard's page, open in a browser.

    Args:
        driver: the browser.
        url: where the dashboard is served.
    """

    def __init__(self, driver: selenium.Chrome, url: str) -> None:
        self._driver = driver
        size = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(url)
        self.until(lambda: "-first-byte" in self._classes())

    def _classes(self) -> str:
        return str(self._driver.find_element("tag name", "body").get_attribute("class"))

    @property
    def title(self) -> str:
        """Of the tab."""
        return str(self._driver.title)

    def loaded(self) -> list[str]:
        """Addresses of everything that the page has fetched, its own included."""
        names = "return performance.getEntries().map(entry => entry.name)"
        found = (str(name) for name in self._driver.execute_script(names))
        return [name for name in found if "://" in name]

    def press(self, *keys: str) -> None:
        """Type on the keyboard, whatever has the focus."""
        selenium.ActionChains(self._driver).send_keys(*keys).perform()

    def press_control(self, key: str) -> None:
        """Press a key together with Ctrl."""
        control = selenium.Keys.CONTROL
        actions = selenium.ActionChains(self._driver)
        actions.key_down(control).send_keys(key).key_up(control).perform()

    def keep(self, path: Path) -> None:
        """Keep a screenshot, PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._driver.get_screenshot_as_png())

    def car(self) -> Pixels:
        """The drawn car: its columns of the page, without the lines above and below."""
        png = io.BytesIO(self._driver.get_screenshot_as_png())
        pixels: Pixels = np.asarray(Image.open(png).convert("RGB"))
        height, width, _ = pixels.shape
        return pixels[height // 10 : height * 4 // 5, : width // 3]

    def still(self) -> Pixels:
        """The drawn car, once nothing of it changes any more."""
        seen, since = self.car(), time.monotonic()

        def rests() -> bool:
            nonlocal seen, since
            now = self.car()
            if not np.array_equal(seen, now):
                seen, since = now, time.monotonic()
            return time.monotonic() - since > STILL

        self.until(rests)
        return seen

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it is so."""
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                self.keep(KEPT)
                raise AssertionError(f"it did not come true; {KEPT} shows the page")
            time.sleep(0.1)


@contextmanager
def browser(folder: Path) -> Iterator[selenium.Chrome]:
    """A Chromium without a window; without a sandbox, too, since containers forbid it."""
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
        "--mute-audio", "--no-first-run", "--disable-background-networking",
        f"--user-data-dir={folder}/profile",
    ):  # fmt: skip
        options.add_argument(argument)
    driver = selenium.Chrome(options, selenium.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@asynccontextmanager
async def served(car: SimulatedCar, folder: Path) -> AsyncIterator[str]:
    """The dashboard of a car on a broker, served to browsers; where it is."""
    port = free_port()
    command = command_of(
        [
            str(Path(sys.executable).with_name("cockpit")),
            f"--set=bus.host={car.bus.host}",
            f"--set=bus.port={car.bus.port}",
            f"--set=data_dir={folder}/data",
            f"--set=assets.root={folder}/models",
            "--set=agent.planner=template",
            "run", "--text", "--mute", "--web",
        ]
    )  # fmt: skip
    runner = web.AppRunner(await DashboardServer(command, port)._make_app())
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", port).start()
        yield f"http://localhost:{port}"
    finally:
        await runner.cleanup()


async def test_request_typed_in_chromium_moves_the_window_that_is_drawn(tmp_path: Path) -> None:
    async with (
        open_simulated_vehicle(quiet_settings(tmp_path)) as car,
        served(car, tmp_path) as url,
    ):

        def value(path: str) -> object:
            return car.vehicle.snapshot()[path]

        def visit() -> None:
            with browser(tmp_path) as driver:
                page = Page(driver, url)
                assert page.title == "Cockpit"
                page.press("set the volume to 13", selenium.Keys.ENTER)
                page.until(lambda: value(VOLUME) == 13)  # it is there, and takes requests
                page.press(selenium.Keys.F4)
                page.press_control("o")  # the car alone
                page.press(selenium.Keys.ESCAPE)  # to the prompt
                closed = page.still()
                page.press("open my window", selenium.Keys.ENTER)
                page.until(lambda: value(WINDOW) == 100)
                page.until(lambda: not np.array_equal(page.car(), closed))
                page.still()
                page.keep(KEPT)
                page.press("close my window", selenium.Keys.ENTER)
                page.until(lambda: value(WINDOW) == 0)
                page.until(lambda: np.array_equal(page.car(), closed))
                assert {name.split("://", 1)[1].split("/")[0] for name in page.loaded()} == {
                    url.split("://", 1)[1]
                }

        await asyncio.to_thread(visit)
