"""Recognition and synthesis, all on this machine."""
