"""The real command, but it looks into doubts within a test's patience: `python -m impatient`."""

import sys

if __name__ == "__main__":
    import crashing

    from seedance_watch.cli.main import main

    crashing.look_soon(crashing.LOOKS_S)
    sys.exit(main())
