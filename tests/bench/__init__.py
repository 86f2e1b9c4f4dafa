"""Measurements: `PYTHONPATH=tests python -m bench` writes docs/PERFORMANCE.md."""
