"""Hosted services: one dialect each (no I/O), and the gateway, the only user of httpx."""

import sys

# httpx's own command line, which loads click, rich and pygments. None: as if it were not there.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
