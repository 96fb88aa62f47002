"""A small folder of phrases and slots."""

from __future__ import annotations

from pathlib import Path

PHRASES = """
- plan: climate.set_temperature {temperature}
  say:
    - set the temperature to {temperature} [degrees]
    - make it {temperature} [please]
    - (put|turn) the heating on {temperature}
    - "[uh] {temperature} degrees"
    - i want {temperature} degrees
    - go to {temperature} degrees inside
    - thermostat {temperature}
- plan: windows.set_window 100 {side}
  say:
    - open {side} window
    - roll down {side} window
    - "{side} window open"
    - get {side} window down
    - lower {side} window
    - wind down {side} window
- plan: navigation.go_to "{goal}"
  say:
    - navigate to {goal}
    - take me to {goal}
    - drive to {goal}
    - head for {goal}
    - let's go to {goal}
- plan: doors.lock
  say: [lock the car, lock up, secure the car, lock all doors, shut the locks]
- plan: if raining: windows.set_window 0 all
  say: [if it rains close all windows, close every window if it is raining]
- last: climate.set_temperature {temperature} driver
  plan: climate.set_temperature {temperature} passenger
  say: [and the passenger too, same for the passenger, the passenger as well]
- plan: none
  say: [thanks, lovely weather, what a day, don't open the window, i told her so, see you later]
- plan: unknown
  say: [tell me a joke, call anna, what is the weather, wake me at six, order a pizza, who won]
"""

SLOTS = """
temperature: {numbers: [16, 28, 0.5]}
side:
  mine: [my]
  passenger: ["the passenger's", the front passenger]
goal: [the old mill, twenty two acacia avenue, kamppi]
person: [anna, ben]
place_name: [kamppi, pasila]
street: [main street]
"""


def written(folder: Path, phrases: str = PHRASES, slots: str = SLOTS) -> Path:
    """The folder with one file of each."""
    for name, text in (("phrases", phrases), ("slots", slots)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "small.yaml").write_text(text.lstrip("\n"), encoding="utf-8")
    return folder
