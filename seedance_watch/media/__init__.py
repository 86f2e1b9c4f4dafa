"""Pictures and videos: made to fit, and proved to be whole."""
