"""Media as a download sees them: lengths, ranges, ETags, lifetimes."""

import pytest


@pytest.fixture
async def video(rivya) -> str:
    return (await rivya.made())["result"]["primary_url"]


async def test_a_video_is_served_without_a_key(bare, video):
    """Type, length, strong ETag and ranges are announced; HEAD agrees with GET."""
    answer, head = await bare.get(video), await bare.head(video)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"].startswith('"')
    assert head.content == b""
    assert head.headers["content-length"] == answer.headers["content-length"]
    assert head.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    ("asked", "cut"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=10-99999999", slice(10, None)),
    ],
)
async def test_a_range_is_cut_out(bare, video, asked, cut):
    """206 with exactly the bytes and their place."""
    whole = (await bare.get(video)).content
    answer = await bare.get(video, headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, whole[cut])
    start = range(len(whole))[cut].start
    place = f"bytes {start}-{start + len(answer.content) - 1}/{len(whole)}"
    assert answer.headers["content-range"] == place


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=5-2"])
async def test_an_impossible_range_is_416(bare, video, asked):
    """The whole length is told."""
    answer = await bare.get(video, headers={"range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"].startswith("bytes */")


async def test_a_stale_if_range_gets_everything(bare, video):
    """Only the present ETag resumes."""
    etag = (await bare.get(video)).headers["etag"]
    fresh = await bare.get(video, headers={"range": "bytes=5-", "if-range": etag})
    stale = await bare.get(video, headers={"range": "bytes=5-", "if-range": '"other"'})
    assert (fresh.status_code, stale.status_code) == (206, 200)


@pytest.mark.parametrize("status", ["403", "404"])
async def test_a_result_link_expires(sandbox, rivya, bare, status):
    """After its life the link is 403 or 404; before the end it does not exist."""
    sandbox.turn(clock="manual", rivya_result_ttl_s=60, rivya_expired_status=status)
    url = (await rivya.made())["result"]["primary_url"]
    sandbox.advance(59)
    assert (await bare.get(url)).status_code == 200
    sandbox.advance(2)
    assert (await bare.get(url)).status_code == int(status)
    assert (await bare.get("/media/videos/none.mp4")).status_code == 404
    assert (await bare.get("/media/files/none")).status_code == 404


async def test_a_video_does_not_exist_before_the_end(sandbox, rivya, bare):
    """Guessing the link does not help."""
    sandbox.turn(clock="manual", time_factor=1)
    await rivya.create()
    url = f"/media/videos/{sandbox.tasks()[0].video}"
    assert (await bare.get(url)).status_code == 404
    sandbox.advance(1000)
    assert (await bare.get(url)).status_code == 200


async def test_no_two_videos_are_the_same(rivya, bare):
    """Each carries its task's id, so that a mix-up shows."""
    tasks = [await rivya.made(), await rivya.made()]
    videos = [(await bare.get(task["result"]["primary_url"])).content for task in tasks]
    assert videos[0] != videos[1]
    assert [task["id"].encode() in video for task, video in zip(tasks, videos, strict=True)] == [
        True,
        True,
    ]


async def test_links_follow_the_name_that_was_called(rivya, bare):
    """A client that says localhost gets links on localhost."""
    rivya.http.headers["host"] = f"localhost:{rivya.http.base_url.port}"
    url = (await rivya.made())["result"]["primary_url"]
    assert url.startswith(f"http://localhost:{rivya.http.base_url.port}/media/videos/")
    assert (await bare.get(url.replace("localhost", "127.0.0.1"))).status_code == 200


async def test_the_same_wish_is_rendered_once(sandbox, rivya, picture):
    """Prompt and seed do not change what an image becomes, beyond the direction of the pan."""
    url = (await rivya.upload(picture)).json()["url"]
    for seed in range(4):
        item = {"url": url, "kind": "image"}
        await rivya.create(rivya.body(seed=seed, referenceMediaItems=[item]))
    assert len({task.spec for task in sandbox.tasks()}) == 2
