"""News of the bot itself, kept until they are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import Notice, NoticeKind
from bot.store import Store
from tests.store.conftest import at

NETWORK = Notice(NoticeKind.OUR_NETWORK, at(10), at(5))
BACK = Notice(NoticeKind.OUR_NETWORK_BACK, at(60), at(5))
REFUSED = Notice(NoticeKind.SETTINGS_REFUSED, at(10), detail="url: no such scheme")
USED = Notice(NoticeKind.SETTINGS_USED, at(20))


async def kinds(store: Store) -> list[NoticeKind]:
    return [notice.kind for notice in await store.notices.pending()]


async def test_a_notice_waits_until_it_is_told(store: Store) -> None:
    store.notices.wake.clear()
    await store.notices.add(REFUSED)
    assert store.notices.wake.is_set()
    (kept,) = await store.notices.pending()
    assert (kept.kind, kept.at, kept.since, kept.detail) == (
        REFUSED.kind, REFUSED.at, None, REFUSED.detail,
    )  # fmt: skip
    await store.notices.told(kept.id, at(11))
    assert await store.notices.pending() == []


@pytest.mark.parametrize(
    ("notices", "left"),
    [
        ((NETWORK, BACK), [NoticeKind.OUR_NETWORK_BACK]),
        ((REFUSED, USED), []),
        ((REFUSED, REFUSED), [NoticeKind.SETTINGS_REFUSED]),
        ((USED,), [NoticeKind.SETTINGS_USED]),
    ],
    ids=["network-is-back", "mended-before-it-was-told", "wrong-twice", "told-before"],
)
async def test_what_is_over_before_it_was_told_is_folded(
    store: Store, notices: tuple[Notice, ...], left: list[NoticeKind]
) -> None:
    for notice in notices:
        await store.notices.add(notice)
    assert await kinds(store) == left


async def test_the_last_sign_of_life_is_kept(store: Store) -> None:
    gap = timedelta(seconds=300)
    assert await store.notices.alive(at(0), gap=gap) is None
    assert await store.notices.alive(at(30), gap=gap) == at(0)
    assert await store.notices.pending() == []
    assert await store.notices.alive(at(900), gap=gap) == at(30)


async def test_a_gap_is_noted_together_with_its_end(store: Store) -> None:
    """Whoever dies in between would leave a gap that nobody finds."""
    gap = timedelta(seconds=300)
    await store.notices.alive(at(0), gap=gap)
    store.notices.wake.clear()
    await store.notices.alive(at(900), gap=gap)
    assert store.notices.wake.is_set()
    (notice,) = await store.notices.pending()
    assert (notice.kind, notice.since, notice.at) == (NoticeKind.BLIND, at(0), at(900))
