"""What the tests of the service share."""

from serving import sandbox, studio

__all__ = ["sandbox", "studio"]
