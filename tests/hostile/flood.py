"""An inbox as a whole crowd of strangers leaves it, and a provider that has turned on us."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pictures
import strangers
import studios

from seedance_watch.sandbox.server import Sandbox

WISH = strangers.WISH

# Each asks for something outside of the studio in its own way; none may get it.
REACHING = {
    "climbs": 'end_image = "../../outside/secret.png"',
    "absolute": 'end_image = "/etc/passwd.png"',
    "backs": 'end_image = "..\\\\..\\\\outside\\\\secret.png"',
    "address": 'image_url = "file:///etc/passwd"',
    "endpoint": 'base_url = "http://169.254.169.254/"',
    "key": 'api_key = "rvya_sk_stolen"',
    "hook": 'on_done = "touch owned"',
    "output": 'output = "../../outside/x.mp4"',
    "deep": "[meta]\na = " + "[" * 10_000 + "]" * 10_000,
    "tables": "[" + "a." * 10_000 + "a]",
}
NAMES = [
    "line\nend", "escape\x1b[2Jx", "csi\x9b31m", "right\u202eto left", "$(touch owned)",
    "`touch owned`", "; touch owned #", "-rf", "%s%n", "[red]markup[", "~root", "back\\slash",
    "not utf-8 \udcff\udcfe", "b" * 245,
]  # fmt: skip
HUGE_BYTES = 100_000_000
MOST_VIDEO_BYTES = 3_000_000
_META_BODY = (
    b"<!DOCTYPE html><script>fetch('http://169.254.169.254/')</script><?php system('id'); ?>"
)


def fill(studio: studios.Studio, there: Path) -> None:
    """Put everything into an inbox that was ever thought of."""
    strangers.plant(studio, there)
    for number, stem in enumerate(NAMES):
        pictures.scene((640, 360 + 2 * number)).save(studio.inbox / f"{stem}.png")
        (studio.inbox / f"{stem}.toml").write_text(WISH)
    for stem, line in REACHING.items():
        pictures.scene().save(studio.inbox / f"{stem}.png")
        (studio.inbox / f"{stem}.toml").write_text(f"{WISH}{line}\n")
    for number, (name, content) in enumerate((polyglots() | bombs()).items()):
        (studio.inbox / name).write_bytes(content)
        wish = f'prompt = "{number}"\n'
        (studio.inbox / name).with_suffix(".toml").write_text(wish)
    pictures.scene().save(studio.inbox / "huge.png")
    (studio.inbox / "huge.toml").write_bytes(b'prompt = "' + b"a" * HUGE_BYTES + b'"\n')


def polyglots() -> dict[str, bytes]:
    """Give files that are two things at once; what a decoder takes, a job may be made of."""
    png, jpeg = (pictures.saved(pictures.scene(), form) for form in ("PNG", "JPEG"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../outside/zip.png", png)
    comment = b"\xff\xfe" + struct.pack(">H", len(_META_BODY) + 2) + _META_BODY
    return {
        "png-zip.png": png + archive.getvalue(),
        "png-html.png": png[:33] + pictures.chunk(b"tEXt", b"Comment\0" + _META_BODY) + png[33:],
        "jpeg-php.jpg": jpeg[:2] + comment + jpeg[2:],
        "gif-script.gif": b"GIF89a/*" + _META_BODY + b"*/=1;",
        "html.png": _META_BODY,
        "svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/hosts"/></svg>',
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/hosts) run\n",
        "script.png": b"#!/bin/sh\ntouch owned\n",
        "zip.jpg": archive.getvalue(),
        "video.png": b"\0\0\0\x18ftypisom" + bytes(200),
    }


def bombs() -> dict[str, bytes]:
    """Give small files that unfold to large ones."""
    png = pictures.saved(pictures.scene(), "PNG")
    packed = zlib.compress(bytes(300_000_000), 9)
    text = pictures.chunk(b"zTXt", b"Comment\0\0" + packed)
    profile = pictures.chunk(b"iCCP", b"x\0\0" + packed)
    return {
        "claims.png": pictures.png_bomb(50_000, 50_000),
        "pixels.png": _plain_png(13_900, 14_000),
        "text.png": png[:33] + text + png[33:],
        "profile.png": png[:33] + profile + png[33:],
    }


def _plain_png(wide: int, high: int) -> bytes:
    """Make a PNG of one colour, as large as is still decoded, in a few hundred kilobytes."""
    head, packer = struct.pack(">IIBBBBB", wide, high, 8, 6, 0, 0, 0), zlib.compressobj(1)
    row = b"\0" + bytes(4 * wide)
    body = b"".join(packer.compress(row) for _ in range(high)) + packer.flush()
    chunks = (pictures.chunk(b"IHDR", head), pictures.chunk(b"IDAT", body))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + pictures.chunk(b"IEND", b"")


# Where a link must never lead; PORT is that of a server which is not the provider's.
LINKS = [
    "file:///etc/passwd", "http://127.0.0.1:PORT/x.mp4", "https://localhost:PORT/x.mp4",
    "https://127.0.0.1:PORT/x.mp4", "https://2130706433:PORT/x.mp4", "https://0x7f.1:PORT/x.mp4",
    "https://0177.0.0.1:PORT/x.mp4", "https://127.1:PORT/x.mp4", "https://10.0.0.1/x.mp4",
    "https://[::1]:PORT/x.mp4", "https://[::ffff:127.0.0.1]:PORT/x.mp4",
    "https://169.254.169.254/latest/meta-data/", "https://[fe80::a9fe:a9fe]/x.mp4",
    "https://user@127.0.0.1:PORT/x.mp4", "https://localhost.:PORT/x.mp4",
]  # fmt: skip


def turn(sandbox: Sandbox, port: int) -> None:
    """Let the provider give such links, redirect to others, and send what is no video."""
    links = [each.replace("PORT", str(port)) for each in LINKS]
    for link in links[::2]:
        sandbox.fault("redirect", "media.video", to=link)
    for link in links[1::2]:
        done = {"id": "task_x", "status": "succeeded", "result": {"primary_url": link}}
        sandbox.fault("answer", "rivya.status", status=200, body=done)
    for kind in ("html_body", "zip_body", "empty_body", "endless", "corrupt"):
        sandbox.fault(kind, "media.video")
    sandbox.fault("endless", "media.video", declared=1 << 40)
