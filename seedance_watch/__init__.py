"""Watch a folder for images with prompts and have a hosted service turn each into a video."""
