"""Watch a folder for images with prompts and have a hosted service turn each into a video."""

import os

# Looking for pydantic's plug-ins reads what is known of every installed package, at each start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
