"""Hosted services: one dialect each (no I/O), and the gateway, the only user of httpx."""
