"""What acts: one loop per job that decides, performs one effect, and records what came of it."""
