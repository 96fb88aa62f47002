"""Where sound comes from and where it goes."""
