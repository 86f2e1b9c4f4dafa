"""The page for browsers; imported only where configured."""
