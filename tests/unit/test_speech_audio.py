"""Audio files of every kind become 16 kHz mono, and broken ones a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cockpit.speech.audio import RATE, Audio, read_audio, write_wav
from cockpit.speech.errors import AudioEmpty, AudioInvalid, AudioMissing, SpeechError

TONE = 440.0


def tone(seconds: float = 0.5, rate: int = RATE, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * TONE * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def pitch(audio: Audio) -> float:
    spectrum = np.abs(np.fft.rfft(audio.samples * np.hanning(len(audio.samples))))
    return float(spectrum.argmax() * audio.rate / len(audio.samples))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_read_audio_resamples_every_rate(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(rate=rate), rate)
    audio = read_audio(tmp_path / "tone.wav")
    assert audio.rate == RATE
    assert audio.seconds == pytest.approx(0.5, abs=0.002)
    assert pitch(audio) == pytest.approx(TONE, abs=3)
    assert audio.peak == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]
)
def test_read_audio_takes_every_sample_width(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(), RATE, subtype=subtype)
    audio = read_audio(tmp_path / "tone.wav")
    assert pitch(audio) == pytest.approx(TONE, abs=3)
    assert audio.level == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.3)


@pytest.mark.parametrize("name", ["tone.flac", "tone.ogg"])
def test_read_audio_takes_flac_and_ogg(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, tone(), RATE)
    assert pitch(read_audio(tmp_path / name)) == pytest.approx(TONE, abs=3)


@pytest.mark.parametrize("channels", [1, 2, 4, 8])
def test_read_audio_averages_channels(tmp_path: Path, channels: int) -> None:
    block = np.stack([tone(), *[np.zeros(RATE // 2, np.float32)] * (channels - 1)], axis=1)
    soundfile.write(tmp_path / "tone.wav", block, RATE)
    audio = read_audio(tmp_path / "tone.wav")
    assert audio.samples.ndim == 1
    assert audio.peak == pytest.approx(0.5 / channels, abs=0.01)


def test_read_audio_makes_silence_of_what_is_not_a_number(tmp_path: Path) -> None:
    samples = tone()
    samples[100:110] = np.nan
    samples[110:120] = np.inf
    soundfile.write(tmp_path / "tone.wav", samples, RATE, subtype="FLOAT")
    audio = read_audio(tmp_path / "tone.wav")
    assert np.isfinite(audio.samples).all()
    assert not audio.samples[100:120].any()


def test_write_wav_reads_back(tmp_path: Path) -> None:
    write_wav(tmp_path / "out.wav", Audio(np.append(tone(), np.float32(3.0)), 22_050))
    again = read_audio(tmp_path / "out.wav", rate=22_050)
    assert np.allclose(again.samples[:-1], tone(), atol=1e-4)
    assert again.samples[-1] == pytest.approx(1.0, abs=1e-4)  # clipped, not wrapped around


def test_read_audio_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing, match=r"no audio file .*none\.wav"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(AudioMissing):
        read_audio(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"RIFF\x24\x00\x00\x00WAVEfmt ", b"\x00" * 4096, b"# Not a song\n" * 50],
    ids=["empty", "four bytes", "truncated header", "zeros", "text"],
)
def test_read_audio_refuses_what_is_not_audio(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.wav").write_bytes(content)
    with pytest.raises(AudioInvalid, match=r"bad\.wav is not an audio file"):
        read_audio(tmp_path / "bad.wav")


def test_read_audio_takes_what_a_cut_off_file_holds(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(), RATE)
    whole = (tmp_path / "tone.wav").read_bytes()
    (tmp_path / "half.wav").write_bytes(whole[: len(whole) // 2])
    assert read_audio(tmp_path / "half.wav").seconds == pytest.approx(0.25, abs=0.01)


def test_read_audio_cut_off_flac_is_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.flac", tone(5.0), RATE)
    whole = (tmp_path / "tone.flac").read_bytes()
    (tmp_path / "half.flac").write_bytes(whole[:60])
    with pytest.raises(SpeechError):
        read_audio(tmp_path / "half.flac")


def test_read_audio_of_no_samples_is_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(0, np.float32), RATE)
    with pytest.raises(AudioEmpty, match=r"none\.wav holds no sound"):
        read_audio(tmp_path / "none.wav")


def test_write_wav_into_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing, match="cannot write"):
        write_wav(tmp_path / "none" / "out.wav", Audio.silence(0.1))


def test_audio_measures_level_and_clipping() -> None:
    quiet = Audio(tone(amplitude=0.1))
    assert quiet.level == pytest.approx(-23.0, abs=0.1)
    assert quiet.clipped == 0 and not quiet.is_clipped
    loud = Audio(np.clip(tone(amplitude=2.0), -1, 1))
    assert loud.clipped == pytest.approx(0.67, abs=0.03)
    assert loud.is_clipped
    assert loud.peak == 1.0


def test_audio_of_no_samples_has_no_level() -> None:
    nothing = Audio.silence(0)
    assert (nothing.seconds, nothing.peak, nothing.level, nothing.clipped) == (0, 0, -120, 0)
    assert Audio.silence(1).level == -120


def test_audio_slice_is_cut_to_what_there_is() -> None:
    audio = Audio(tone(1.0))
    assert audio.slice(-1, 0.25).seconds == pytest.approx(0.25)
    assert audio.slice(0.75, 9).seconds == pytest.approx(0.25)


def test_audio_join_wants_one_rate() -> None:
    assert Audio.join([Audio.silence(1), Audio.silence(2)]).seconds == 3
    with pytest.raises(ValueError, match="one sample rate"):
        Audio.join([Audio.silence(1), Audio.silence(1, 8000)])


def test_audio_survives_pcm16() -> None:
    audio = Audio(tone())
    assert np.allclose(Audio.from_pcm16(audio.pcm16()).samples, audio.samples, atol=1e-4)
