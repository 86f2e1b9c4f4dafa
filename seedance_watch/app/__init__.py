"""The composition root: builds everything and introduces everybody."""
