"""Asset catalogue, adapters, and stand-alone training scripts: data for the other packages."""
