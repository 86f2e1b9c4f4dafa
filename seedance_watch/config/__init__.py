"""The configuration: one TOML file, checked as a whole, every problem reported at once."""
