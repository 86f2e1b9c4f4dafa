"""What is litter, and which rule says so."""

import re

import pytest

from seedance_watch.core.ignore import LITTER, Ignore

LIST = Ignore()


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        (".a.png", "hidden"),
        ("x/.a.png", "hidden"),
        ("a.png.part", "unfinished transfer"),
        ("a.png.crdownload", "browser download"),
        (".a.png.Xy12Zq", "rsync"),
        (".syncthing.a.png.tmp", "Syncthing"),
        ("a.sync-conflict-20260101-120000.png", "Syncthing"),
        ("a (conflicted copy 2026).png", "Dropbox"),
        ("._a.png", "macOS"),
        ("Thumbs.db", "Windows"),
        ("a.png:Zone.Identifier", "Windows"),
        ("~$a.toml", "office lock"),
        ("a.png@SynoEAStream", "Synology stream"),
        (".smbdeleteAAA1", "Samba"),
        (".nfs0001", "NFS"),
        ("a.toml~", "editor"),
        ("#a.toml#", "editor"),
    ],
)
def test_litter(path: str, origin: str) -> None:
    """Litter is named by what leaves it."""
    rule = LIST.rule(path)
    assert rule is not None
    assert rule.origin == origin


@pytest.mark.parametrize("path", ["@eaDir", "x/#recycle", "__MACOSX", "$RECYCLE.BIN", ".git"])
def test_folders(path: str) -> None:
    """Folders of litter are not looked into."""
    assert LIST.rule(path, folder=True)


@pytest.mark.parametrize(
    "path",
    ["a.png", "x y/ä.toml", "part.png", "a.part.png", "tmp.png", "_defaults.toml", "#1.png"],
)
def test_wanted(path: str) -> None:
    """Ordinary names are no litter."""
    assert LIST.rule(path) is None


@pytest.mark.parametrize("path", ["a\nb.png", "\udcff.png", "a" * 251 + ".png"])
def test_strange_names(path: str) -> None:
    """Every name gets an answer."""
    assert LIST.rule(path) is None


def test_own_lines() -> None:
    """The last matching line decides, a user's after the built-in ones."""
    mine = Ignore(["draft_*", "!draft_1.png", "!*.part"])
    assert str(mine.rule("draft_2.png")) == "draft_* (configuration)"
    assert mine.rule("draft_1.png") is None
    assert mine.rule("a.png.part") is None


@pytest.mark.parametrize("line", ["!", "[z-a]", "\\"])
def test_bad_line(line: str) -> None:
    """A line that is no pattern is refused with its text, whatever the library makes of it."""
    with pytest.raises(ValueError, match=re.escape(f"{line!r} is no")):
        Ignore([line])


def test_lines_that_say_nothing() -> None:
    """Empty lines and comments, as in a file of such lines, change nothing."""
    mine = Ignore(["", "# drafts", " ", "draft_*"])
    assert mine.rule("shot.png") is None
    assert str(mine.rule("draft_2.png")) == "draft_* (configuration)"


def test_every_line_is_used() -> None:
    """Each built-in line matches a name made from it, so that no line is dead."""
    for _, lines in LITTER:
        for line in lines:
            plain = line.replace("\\", "").replace("[Tt]", "T").replace("[Dd]", "D")
            name = plain.rstrip("/").replace("*", "x").replace("?", "y").replace("[\r]", "\r")
            assert LIST.rule(name, folder=line.endswith("/")), line


def test_a_file_is_not_asked_like_a_folder() -> None:
    """A line for folders says nothing about a file of that name."""
    assert LIST.rule("lost+found") is None
    rule = LIST.rule("lost+found", folder=True)
    assert rule is not None
    assert (rule.pattern, rule.origin) == ("lost+found/", "Linux desktop")
