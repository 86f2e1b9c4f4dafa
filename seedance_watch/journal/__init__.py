"""All jobs' events, durable: SQLite by default, behind ports.Journal."""
