"""What the page for browsers needs to know; imported only where configured."""
