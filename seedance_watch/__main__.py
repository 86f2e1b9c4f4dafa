"""Allow `python -m seedance_watch`."""

from seedance_watch.cli.main import main

main()
