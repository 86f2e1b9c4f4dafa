"""The checks of `doctor`: what could keep jobs from being done, and what to do about it."""
