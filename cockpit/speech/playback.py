"""The loudspeaker: plays audio chunks as they come, by PortAudio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from cockpit.speech.audio import Audio
from cockpit.speech.errors import SpeechError


class PlaybackUnavailable(SpeechError):
    """There is no loudspeaker, or its library is missing."""


class Loudspeaker:
    """The system's default output device."""

    def __init__(self) -> None:
        """Find the device.

        Raises:
            PlaybackUnavailable: PortAudio or an output device is missing.
        """
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise PlaybackUnavailable(
                "Speaking aloud needs PortAudio; install libportaudio2."
            ) from error
        try:
            sounddevice.query_devices(kind="output")
        except (sounddevice.PortAudioError, ValueError) as error:
            raise PlaybackUnavailable("No loudspeaker was found.") from error
        self._sounddevice = sounddevice

    async def play(self, chunks: AsyncIterator[Audio]) -> None:
        """Play until the chunks end; cancelling the task stops the sound at once.

        Raises:
            PlaybackUnavailable: the device refused.
        """
        stream = None
        try:
            async for chunk in chunks:
                if stream is None:
                    stream = self._sounddevice.OutputStream(
                        samplerate=chunk.rate, channels=1, dtype="float32"
                    )
                    stream.start()
                await asyncio.to_thread(stream.write, chunk.samples.reshape(-1, 1))
            if stream is not None:
                await asyncio.to_thread(stream.stop)
        except self._sounddevice.PortAudioError as error:
            raise PlaybackUnavailable(f"The loudspeaker failed: {error}.") from error
        finally:
            if stream is not None:
                stream.close(ignore_errors=True)
