"""The pure core: nouns, events, decisions; no I/O, no clock, no randomness, no logging."""
