"""The keys of the page for browsers."""

from typing import Annotated

from pydantic import Field

from seedance_watch.config.values import HostName, KeyFile, Keys, Listen, Variable


class WebKeys(Keys):
    """The page for browsers: what was made, what is in work, what went wrong; see PAGE.md.

    Needs `pip install seedance-watch[web]`.
    """

    listen: Listen | None = None
    """Where it is served, as "127.0.0.1:8470" or the port alone. Default: nowhere. At an address
    that other machines can reach it needs a token."""
    hosts: list[HostName] = []
    """Names by which a reverse proxy's visitors call it, as `["studio.example"]`; needs a token
    too, as others reach it."""
    token_env: Variable = "SEEDANCE_WATCH_PAGE_TOKEN"  # noqa: S105  a name, not a secret
    """Name of the environment variable, or of the service manager's credential, with the token
    that people log in with; 16 characters or more."""
    token_file: KeyFile | None = None
    """A file that holds the token; looked at before credentials and the variable."""
    max_upload_bytes: Annotated[int, Field(ge=100_000, le=10_000_000_000)] = 100_000_000
    """Largest drop that it takes, pictures together."""
    max_stills_bytes: Annotated[int, Field(ge=1_000_000)] = 500_000_000
    """Most room for the posters that it keeps in the state folder; the oldest go first."""
    max_clients: Annotated[int, Field(ge=1, le=1_000)] = 32
    """Browsers that may be kept up to date at the same time."""
