"""The asset store: models, voices and maps that are too large for the repository (DESIGN §8)."""

from cockpit.assets.catalog import Asset, Catalog
from cockpit.assets.errors import AssetError, AssetMissing, AssetUnknown
from cockpit.assets.store import AssetStore, Fault, State

__all__ = [
    "Asset",
    "AssetError",
    "AssetMissing",
    "AssetStore",
    "AssetUnknown",
    "Catalog",
    "Fault",
    "State",
]
