"""Views of what is going on: log, terminal; none has knowledge of its own."""
