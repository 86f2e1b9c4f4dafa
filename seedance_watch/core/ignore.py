"""What in an inbox is nobody's wish: one list in gitignore's language.

The same list judges events, scans and start-up, and it can say which rule matched. Users add
lines of their own after it; the last matching line decides, "!" takes a name back in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# (where the litter comes from, its names); a name ending in "/" is a folder only. The general
# rule comes first, so that a more telling one, which comes later and wins, names the tool.
LITTER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("hidden", (".*",)),
    ("unfinished transfer", ("*.part", "*.partial", "*.filepart", "*.tmp", "*.temp", "*.TMP")),
    ("unfinished upload", ("*.uploading", "*.writing", "*.inprogress", "*.lock", "*.lck")),
    ("browser download", ("*.crdownload", "*.download", "*.opdownload", "*.crswap")),
    ("download tool", ("*.aria2", "*.!qB", "*.!ut", "*.!sync", "*.bts", "*.insyncdl")),
    ("rsync", (".*.??????", ".~tmp~/", "rsync-tmp/")),
    ("Syncthing", (".syncthing.*.tmp", "~syncthing~*.tmp", "*.sync-conflict-*", ".stfolder/")),
    ("Syncthing versions", (".stversions/", ".stignore")),
    ("Nextcloud", ("*_conflict-*", "*csync_timedif.ctmp*", ".sync_*.db*", "._sync_*.db*")),
    ("Dropbox", ("*conflicted copy*", ".dropbox.cache/", ".dropbox", ".dropbox.attr")),
    ("Resilio", (".sync/", "*.!Sync")),
    ("macOS", ("._*", ".DS_Store", ".DS_STORE", ".localized", "Icon[\r]", "__MACOSX/")),
    ("macOS volume", (".Spotlight-V100/", ".Trashes/", ".fseventsd/", ".TemporaryItems/")),
    ("macOS safe save", ("*.sb-????????-??????", "Temporary Items/", "Network Trash Folder/")),
    ("AFP", (".AppleDouble/", ".AppleDB/", ".AppleDesktop/", ".afpDeleted*", ".apdisk")),
    ("Windows", ("[Tt]humbs.db", "ehthumbs.db", "[Dd]esktop.ini", "*Zone.Identifier")),
    ("Windows volume", ("$RECYCLE.BIN/", "RECYCLER/", "System Volume Information/")),
    ("office lock", ("~$*", ".~lock.*", "~*.tmp", "*.idlk", "*.dwl", "*.dwl2")),
    ("Synology", ("@eaDir/", "@tmp/", "@sharebin/", "\\#recycle/", "\\#snapshot/")),
    ("Synology stream", ("*@SynoEAStream", "*@SynoResource")),
    ("QNAP", ("@Recycle/", "@Recently-Snapshot/", ".@__*/", ".qsync/", ".qsync_sn/")),
    ("Samba", (".smbdelete*", ".TEMP-*")),
    ("NFS", (".nfs*",)),
    ("FUSE", (".fuse_hidden*",)),
    ("Android", (".pending-*", ".trashed-*")),
    ("Linux desktop", (".Trash-*/", ".directory", ".goutputstream-*", "lost+found/")),
    ("editor", ("*~", "*.swp", "*.swo", "*.swx", "*.kate-swp", ".#*", "\\#*\\#", "*.bak")),
    ("JetBrains", ("*___jb_tmp___", "*___jb_old___")),
    ("version control", (".git/", ".hg/", ".svn/")),
)

_PLAIN_ENDING = re.compile(r"\*(\.[^*?\[\\/.]+)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the list.

    Attributes:
        pattern: The line as it stands in the list.
        origin: What leaves such files, or "configuration" for a user's own line.
    """

    pattern: str
    origin: str

    def __str__(self) -> str:
        """Show the line and where it comes from."""
        return f"{self.pattern} ({self.origin})"


class Ignore:
    """The built-in list followed by a user's own lines."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        """Take the list; most of it is compiled when the first name is met.

        Raises:
            ValueError: A line is no gitignore pattern; the message quotes it.
        """
        built_in = [Rule(line, origin) for origin, lines in LITTER for line in lines]
        own = [Rule(line, "configuration") for line in extra if line]
        for each in own:
            check_line(each.pattern)
        self._rules = built_in + own

    @cached_property
    def _spec(self) -> "GitIgnoreSpec":
        return _compiled([rule.pattern for rule in self._rules])

    @cached_property
    def _sieve(self) -> tuple[frozenset[str], re.Pattern[str]]:
        return _sieve(self._rules, self._spec)

    def rule(self, path: str, *, folder: bool = False) -> Rule | None:
        """Find the line that decides against a path, None where none does.

        The folders above it are not asked: nobody looks into an ignored folder.

        Args:
            path: Path below the inbox, "/" between parts.
            folder: Whether it is a folder.
        """
        asked = f"{path}/" if folder else path
        if not self._suspect(asked):
            return None
        verdict = self._spec.check_file(asked)
        return (
            self._rules[verdict.index] if verdict.include and verdict.index is not None else None
        )

    def _suspect(self, asked: str) -> bool:
        """Say cheaply whether any line may match: nearly all names match none."""
        endings, rest = self._sieve
        dot = asked.rfind(".")
        if dot >= 0 and asked[dot:].rstrip("/") in endings:
            return True
        return rest.match(asked) is not None


def check_line(line: str) -> None:
    """Check that a user's line can be used.

    Raises:
        ValueError: It is no gitignore pattern; the message quotes it.
    """
    try:
        _compiled([line])
    except (ValueError, re.error) as error:
        raise ValueError(f"{line!r} is no gitignore pattern") from error


def _compiled(lines: list[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - a start does without it

    return GitIgnoreSpec.from_lines(lines)


def _sieve(rules: list[Rule], spec: "GitIgnoreSpec") -> tuple[frozenset[str], re.Pattern[str]]:
    """Take the list apart into plain endings, looked up at once, and one pattern for the rest."""
    endings: set[str] = set()
    rest: list[str] = []
    for rule, compiled in zip(rules, spec.patterns, strict=True):
        plain = _PLAIN_ENDING.fullmatch(rule.pattern)
        if plain:
            endings.add(plain.group(1))
        elif compiled.regex is not None:
            rest.append(re.sub(r"\?P<\w+>", "?:", compiled.regex.pattern))
    return frozenset(endings), re.compile("|".join(rest))
