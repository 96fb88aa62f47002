"""How to reach a broker. Part of the settings, and usable without the cockpit."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class BusSettings(BaseModel):
    """Connection to the vehicle bus.

    Without ``host`` every command starts the embedded broker and a simulated vehicle.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str | None = Field(None, description="Broker; empty starts the embedded one.")
    port: int = Field(1883, ge=1, le=65535, description="Port of the broker.")
    username: str | None = Field(None, description="User name at the broker.")
    password: SecretStr | None = Field(None, description="Password at the broker.")
    tls: bool = Field(False, description="Encrypt the connection.")
    tls_ca: Path | None = Field(None, description="CA certificate file; empty takes the system's.")
    tls_insecure: bool = Field(
        False, description="Accept a certificate for another host name (test set-ups only)."
    )
    vin: str = Field(
        "DEMO0000000000001",
        pattern=r"^[A-Za-z0-9_-]{1,40}$",
        description="Vehicle identification, second level of every topic.",
    )
    command_ttl: float = Field(3.0, gt=0, le=60, description="Seconds a command stays valid.")
    catalogue: Path | None = Field(None, description="Full VSS JSON to load in place of ours.")
    overlay: Path | None = Field(None, description="Further VSS overlay (YAML or JSON).")
