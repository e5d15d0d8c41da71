"""One file a step, forward only; a released file never changes."""
