"""Errors of microphones and loudspeakers; each says what to do."""

from __future__ import annotations

from cockpit.speech.errors import SpeechError


class SoundUnavailable(SpeechError):
    """PortAudio or its Python binding is not installed, or does not start."""


class DeviceMissing(SpeechError):
    """No device has the wanted name, several have it, or there is none at all."""


class DeviceRefused(SpeechError):
    """The device is there and cannot be used as it is wanted."""
