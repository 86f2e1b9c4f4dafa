"""`completion`: a script that lets a shell complete commands and options."""

from typing import Literal

from seedance_watch.cli.exits import Exit, show


def completion(shell: Literal["bash", "zsh", "fish"], /) -> int:
    """Print a script that lets a shell complete commands and options.

    For bash it goes to ~/.local/share/bash-completion/completions/seedance-watch, for fish to
    ~/.config/fish/completions/seedance-watch.fish, for zsh to a file _seedance-watch in a folder
    of $fpath.

    Parameters
    ----------
    shell
        Whose: bash, zsh or fish.
    """
    from seedance_watch.cli.parser import app  # noqa: PLC0415 - it names this module

    show(app.generate_completion(shell=shell))
    return Exit.OK
