"""A systemd unit for one configuration, with a sandbox as narrow as its folders allow."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seedance_watch.app.providers import rivya, segmind
from seedance_watch.config.entry import needs_token
from seedance_watch.config.keys import KeySource, page_source, s3_sources, source_of, told_sources
from seedance_watch.config.resolved import Config
from seedance_watch.core.words import show_path
from seedance_watch.disk.mounts import LOCAL, mount_of, mounts

_ETC, _STATE = Path("/etc/seedance-watch"), Path("/var/lib")
_HOMES = ("/home/", "/root/", "/run/user/")
_AFTER_CALL_S = 60.0  # to record what came of a paid call, and to let go of everything

# Needs no privilege, so a user's own manager can do it as well.
_EVERYWHERE = """\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# Decoders limit their own memory: hence setrlimit.
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=setrlimit prlimit64
SystemCallErrorNumber=EPERM
LimitCORE=0"""

_SYSTEM = """\
ProtectSystem=strict
ProtectHome={home}
PrivateMounts=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RemoveIPC=yes
KeyringMode=private
# CAP_LEASE only lets it see whether somebody still writes a file of another user.
CapabilityBoundingSet=CAP_LEASE
AmbientCapabilities=CAP_LEASE
# Not ProtectProc= and ProcSubset=: by /proc one daemon sees whether another has its inbox.
# Not PrivateUsers=: other users' files would have no owner, and CAP_LEASE no effect."""

_UNIT = """\
# seedance-watch: made for {file}
# Print it anew when folders, keys or the state directory change there.
[Unit]
Description=seedance-watch: image and prompt in, video out
After=network.target remote-fs.target time-sync.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={program} run --config {config}
ExecReload={program} reload --config {config}
{identity}
# A paid call under way is finished and recorded before it ends: {call_s:.0f} s at most.
TimeoutStopSec={stop_s:.0f}
# A long journal is read and checked first.
TimeoutStartSec=900
WatchdogSec=120
# Decoders end with the daemon; a signal of their own would only spoil what they work on.
KillMode=mixed
# A decoder that takes too much memory fails one file, not the service.
OOMPolicy=continue
Restart=on-failure
RestartSec=15
# Usage, sidecar, permission, configuration: somebody has to mend it first.
RestartPreventExitStatus=64 65 77 78
Environment=PYTHONFAULTHANDLER=1
# Whoever shares the group may move and change what is made.
UMask=0002

{keys}

{sandbox}

[Install]
WantedBy={target}
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit.

    Attributes:
        config: What it runs.
        program: The command.
        account: Who it runs as, "USER" or "USER:GROUP"; "" for a user's own service manager.
    """

    config: Config
    program: Path
    account: str = ""

    def text(self) -> str:
        """Give the unit's text."""
        call_s = _paid_call_s(self.config)
        return _UNIT.format(
            file=self.config.file,
            program=_argument(self.program),
            config=_argument(self.config.file),
            identity="\n".join(self._identity()),
            call_s=call_s,
            stop_s=call_s + _AFTER_CALL_S,
            keys="\n".join(self._credentials()),
            sandbox="\n".join(self._sandbox()),
            target="multi-user.target" if self.account else "default.target",
        )

    def remarks(self) -> list[str]:
        """Say what has to be there before it can start."""
        missing = [each for each in self._folders() if not each.is_dir()]
        keys = [file for _, file in self._keys() if not os.path.lexists(file)]
        return [
            *(f"{show_path(each)} is missing; make it, or mount it" for each in missing),
            *(f"put the key alone into {show_path(each)}; chmod 600" for each in keys),
            *self._about_account(),
        ]

    def _about_account(self) -> Iterator[str]:
        if self.account and str(self.program).startswith(_HOMES):
            yield f"{show_path(self.program)} lies in a home: install it in /opt/seedance-watch"
        if self.account:
            user = self.account.partition(":")[0]
            yield f"{user} must be able to write in the folders, and to read the configuration"
        if self.account and not self._own_state():
            yield 'state_dir = "/var/lib/seedance-watch" in the configuration suits a service best'

    def _identity(self) -> Iterator[str]:
        user, _, group = self.account.partition(":")
        yield from [f"User={user}"] * bool(user) + [f"Group={group}"] * bool(group)
        if self.account and self._own_state():
            yield f"StateDirectory={self.config.state_dir.name}"
            yield "StateDirectoryMode=0700"

    def _own_state(self) -> bool:
        """Whether systemd makes the state directory."""
        return self.config.state_dir.parent == _STATE

    def _keys(self) -> Iterator[tuple[str, Path]]:
        """Give each credential's name and the file that it is read from."""
        etc = _ETC if self.account else Path("~/.config/seedance-watch").expanduser()
        for source in _sources(self.config):
            yield source.env, source.file or etc / source.env

    def _credentials(self) -> Iterator[str]:
        yield "# The keys; without one of these files the service does not start."
        for name, file in self._keys():
            yield f"LoadCredential={name}:{_escaped(str(file))}"

    def _sandbox(self) -> Iterator[str]:
        yield _EVERYWHERE
        if not self.account:
            yield "# What hides files needs the system's service manager."
            return
        read = (self.config.file, self.program, *self._folders())
        home = "read-only" if any(str(path).startswith(_HOMES) for path in read) else "yes"
        yield _SYSTEM.format(home=home)
        yield from (f"ReadWritePaths=-{_quoted(path)}" for path in self._writable())

    def _folders(self) -> list[Path]:
        """Give all folders that are written in, but for a state directory that systemd makes."""
        found = [path for watch in self.config.watches for path in watch.folders.values()]
        own = [self.config.state_dir] if self.account and not self._own_state() else []
        figures = self.config.metrics.textfile
        told = [Path(figures).parent] if figures else []
        return list(dict.fromkeys([*found, *own, *told]))

    def _writable(self) -> list[str]:
        """Give what the sandbox leaves writable.

        Of a network share that is its mount point: a folder in it would be mounted once more, and
        keep a share that is unmounted from going and from coming back.
        """
        table = mounts()
        found = []
        for folder in self._folders():
            mount = mount_of(os.path.realpath(folder), table)
            remote = mount.type and mount.type not in LOCAL
            found.append(mount.point if remote else str(folder))
        return list(dict.fromkeys(found))


def _paid_call_s(config: Config) -> float:
    """Give how long a paid call may take, of any provider: sidecars may choose one."""
    return max(rivya(config).paid_s, segmind(config).paid_s)


def _sources(config: Config) -> list[KeySource]:
    """Give the keys that the configuration needs."""
    used = {name for watch in config.watches for name in _makers(watch.layers[-1].values)}
    found = [source_of(keys) for name, keys in config.providers.items() if name in used]
    bucket = config.s3 and config.segmind.image_host == "s3"
    found += s3_sources(config.s3) if config.s3 and bucket else ()
    found += [page_source(config.web)] if needs_token(config.web) else ()
    return found + [key for each in told_sources(config.notify, config.webhook) for key in each]


def _makers(layer: object) -> list[str]:
    """Name the providers of a watch entry."""
    assert isinstance(layer, dict)
    return [str(layer["provider"]), *(each.partition("/")[0] for each in layer.get("route", []))]


def _escaped(text: str) -> str:
    """Write a text so that no part of it is a specifier of the unit."""
    return text.replace("%", "%%")


def _quoted(path: object) -> str:
    """Write a path as one word of a unit."""
    text = _escaped(str(path))
    plain = all(each.isalnum() or each in "/._-+@:%" for each in text)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _argument(path: Path) -> str:
    """Write a path as one word of a command, in which "$" has a meaning of its own."""
    return _quoted(path).replace("$", "$$")
