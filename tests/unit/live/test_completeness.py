"""Whether a sentence can be over, by its grammar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.live.completeness import hold
from cockpit.settings import ListenSettings
from tests.unit.sentence_list import load_sentences

SETTINGS = ListenSettings()
COMPLETE, OPEN, DANGLING = SETTINGS.end_complete, SETTINGS.end, SETTINGS.end_dangling

# Something has to follow, whatever the planner makes of it.
BEGINNINGS = """
turn on the heating and
turn on the heating and, um
open the window or
close the windows but
close the windows because
open the sunroof if
is it warmer than
i don't know whether
set the temperature to
set the fan to the
set my
heat the passenger's seat and my
navigate to
take me to the
take me to a
the lights in the
put on some music for
call the office of
send a message to
send a message to Anna that I'll
what is the distance to
how far is it to
how long does it take to
what time is it with
what's the way to
i want to talk to
i want to
i would like to
i am looking for
every
it is very
one hundred and
two hundred and
a hundred and
set it to twenty one point
set it to 21 point
set it to minus
between nineteen and
what's
where's
it's
i'm
and then we're
let's
turn on, uh
um
call, er
let me see
set it to, let me think
i mean
turn it off and
what is it for and
play songs by the
play the song from
navigate home via
show restaurants with
add milk and
remind me at
whose
as well as
""".strip().splitlines()

# Something will probably follow, unless the planner is sure.
DOUBTFUL = """
call
please call
can you call
could you please call
i'd like you to call
open
navigate
turn on
turn up
switch off
could you turn off
and then turn on
put on
wind down
make it
can you make it
set it
take me
give me
remind me
could you
can you please
where is
what is
how is
my name is
the temperature is
is
if it rains
when we get home
if it gets colder than ten degrees
unless I say so
as a driver I
wait until I
navigate to the nearest
take me to the next
is it colder in
play something by
what about
i would like
something like
between nineteen
turn on the heating,
turn on the...
remind me to buy milk —
what's the weather like in
play the
""".strip().splitlines()

# Over, as far as grammar can tell.
SENTENCES = """
turn it on
turn it up
turn the radio on
turn that off
put it up
put the lights on
switch them off
wind the windows down
roll it up a bit
let some fresh air in
the heating on
seat heating on
is the heating on
are the lights still on
leave the light on
hold on
go on
carry on
come in
zoom in
what is it for
what's this for
what is that from
where is it from
where are we going to
where to
what for
what city are we in
who is this song by
which station is this on
what are you waiting for
who am i talking to
what are you looking at
what is the fan set to
when is the meeting scheduled for
what album is this song from
play the song i was listening to
navigate to the place we went to
find a place to park in
i don't want to
close it if you want to
set the temperature to twenty
set the temperature to twenty one
set the temperature to one hundred
set the temperature to 21
set it to 21.5
set it to minus five
twenty
one hundred and five
yes
no
stop
louder
cancel
play
next
open the window
call Anna
call her
end the call
make a call
is the window open
keep it closed
make it warmer
set it to high
take me home
remind me to call my mother
what is the weather like
what's it like
what time is it
how far is it
where are we
where is the car
tell me where the car is
yes it is
no I don't
i am
i know what it is
wait for a while
is it cold outside
what did she say after that
the year before
close by
if it rains close the windows
if it rains, close the windows
when we get home turn off the music
once we arrive could you turn off the lights
when is my next appointment
when do we arrive
set it between nineteen and twenty one
the meeting is at 11 am
how do i get there
we are in the charging point
which one is the nearest
i'd like it warmer
don't send it
good morning
""".strip().splitlines()


@pytest.mark.parametrize("text", BEGINNINGS)
def test_hold_beginning_waits_even_where_it_was_planned(text: str) -> None:
    assert hold(text, planned=False, settings=SETTINGS) == DANGLING
    assert hold(text, planned=True, settings=SETTINGS) == DANGLING


@pytest.mark.parametrize("text", DOUBTFUL)
def test_hold_doubtful_end_waits_unless_it_was_planned(text: str) -> None:
    assert hold(text, planned=False, settings=SETTINGS) == DANGLING


@pytest.mark.parametrize("text", ["turn up", "turn on the heating,", "open", "if it rains", "is"])
def test_hold_planner_settles_a_doubt(text: str) -> None:
    assert hold(text, planned=True, settings=SETTINGS) == COMPLETE


@pytest.mark.parametrize("text", SENTENCES)
def test_hold_sentence_is_over_soon_and_sooner_where_it_was_planned(text: str) -> None:
    assert hold(text, planned=False, settings=SETTINGS) == OPEN
    assert hold(text, planned=True, settings=SETTINGS) == COMPLETE


@pytest.mark.parametrize(
    "text", ["please", "turn it on please", "Twenty, please.", "louder, thank you", "thanks"]
)
def test_hold_politeness_closes_a_sentence(text: str) -> None:
    assert hold(text, planned=False, settings=SETTINGS) == COMPLETE


@pytest.mark.parametrize("text", ["could you please", "set it to the, please", "can you, please"])
def test_hold_politeness_does_not_close_what_is_not_over(text: str) -> None:
    assert hold(text, planned=False, settings=SETTINGS) == DANGLING


@pytest.mark.parametrize("text", ["", " ", "...", "♪", "안녕하세요"])
def test_hold_no_english_words_are_nothing_special(text: str) -> None:
    assert hold(text, planned=True, settings=SETTINGS) == COMPLETE


def test_hold_curly_apostrophes_and_capitals_make_no_difference() -> None:
    assert hold("What’s", planned=False, settings=SETTINGS) == DANGLING
    assert hold("TURN ON THE", planned=False, settings=SETTINGS) == DANGLING


def test_hold_takes_silences_from_the_settings() -> None:
    settings = ListenSettings(end_complete=0.3, end=0.6, end_dangling=2.5)
    held = [
        hold("open the window", planned=True, settings=settings),
        hold("open the window", planned=False, settings=settings),
        hold("open the", planned=True, settings=settings),
    ]
    assert held == [0.3, 0.6, 2.5]


def test_hold_hardly_any_whole_request_is_taken_for_a_beginning() -> None:
    requests = [expected.turns[-1] for expected in load_sentences()]
    late = [text for text in requests if hold(text, planned=False, settings=SETTINGS) == DANGLING]
    assert len(late) / len(requests) < 0.01


WORDS = st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=8)
TEXTS = st.lists(
    st.one_of(
        WORDS, st.sampled_from([word for text in BEGINNINGS + SENTENCES for word in text.split()])
    ),
    max_size=12,
).map(" ".join)


@given(TEXTS | st.text(max_size=60))
def test_hold_planned_is_never_longer(text: str) -> None:
    planned, open_ = (hold(text, planned=sure, settings=SETTINGS) for sure in (True, False))
    assert planned in (COMPLETE, DANGLING)
    assert open_ in (COMPLETE, OPEN, DANGLING)
    assert planned <= open_


@given(TEXTS, st.sampled_from(["and", "the", "or", "my", "um", "because", "and the", "and, uh"]))
def test_hold_nothing_ends_with_a_conjunction_or_an_article(text: str, last: str) -> None:
    assert hold(f"{text} x {last}", planned=True, settings=SETTINGS) == DANGLING


@given(TEXTS, st.sampled_from(["turn", "switch"]), st.sampled_from(["it", "that", "the lamp"]))
def test_hold_particle_behind_its_object_is_no_preposition(
    text: str, verb: str, thing: str
) -> None:
    request = f"{verb} {thing}"
    for particle in ("on", "off"):
        held = hold(f"{text}. And {request} {particle}", planned=True, settings=SETTINGS)
        assert held == COMPLETE


@given(TEXTS, st.booleans())
def test_hold_does_not_depend_on_the_way_it_is_written(text: str, planned: bool) -> None:
    plain = hold(f"so {text} x", planned=planned, settings=SETTINGS)
    written = hold(f"So, {text.upper()} X.", planned=planned, settings=SETTINGS)
    assert plain == written
