"""What a deep check saw, in words: sessions held, samples taken, payloads sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.evidence import (
    HeldSession,
    HoldEvidence,
    Keep,
    LadderEvidence,
    Parted,
    Rung,
    Sample,
    SamplerEvidence,
    TwinEvidence,
)
from bot.model import Message, say, say_n

Said = tuple[Message, str]  # the words, and what they are about

_PARTED: Mapping[Parted, Message] = {
    Parted.HELD: say("held for {s} s"),
    Parted.NOT_OPENED: say("did not connect"),
    Parted.KICKED: say("disconnected by the server after {s} s"),
    Parted.CLOSED: say("closed after {s} s"),
    Parted.CUT: say("cut after {s} s"),
    Parted.SILENT: say("silent since {s} s after its begin"),
    Parted.REFUSED: say("refused after {s} s"),
}
_KEEP: Mapping[Keep, Message] = {
    Keep.EVENT: say("with keep-alive events"),
    Keep.PING: say("with WebSocket pings"),
}


def said(
    evidence: HoldEvidence | TwinEvidence | LadderEvidence | SamplerEvidence,
) -> Iterable[Said]:
    """The facts of a deep follow-up, most telling first."""
    match evidence:
        case HoldEvidence():
            return _hold(evidence)
        case TwinEvidence():
            return _twin(evidence)
        case LadderEvidence():
            return _ladder(evidence)
        case SamplerEvidence():
            return _sampled(evidence.samples)


def _hold(evidence: HoldEvidence) -> Iterable[Said]:
    """Each session, then what was sampled beside it."""
    for held in evidence.sessions:
        yield _fate(held), held.transport
        if held.pings_ms:
            yield say_n("{n} ping", "{n} pings", len(held.pings_ms)), held.transport
    yield from _sampled(evidence.samples)


def _twin(evidence: TwinEvidence) -> Iterable[Said]:
    """The quiet twin, then those that talked."""
    for held in evidence.sessions:
        yield _fate(held), ""
        if held.keep in _KEEP:
            yield _KEEP[held.keep], ""


def _ladder(evidence: LadderEvidence) -> Iterable[Said]:
    """The last try of each payload."""
    last: dict[tuple[str, bool, int], Rung] = {}
    for rung in evidence.rungs:
        if rung.size >= 1_000:
            last[rung.transport, rung.upload, rung.size] = rung
    for rung in last.values():
        size = round(rung.size / 1_000)
        if rung.elapsed_ms is None or rung.status not in (None, 200):
            yield say("{size} kB do not arrive", size=size), rung.transport
        elif rung.upload:
            ms = round(rung.elapsed_ms)
            yield say("{size} kB sent in {ms} ms", size=size, ms=ms), rung.transport
        else:
            ms = round(rung.elapsed_ms)
            yield say("{size} kB there and back in {ms} ms", size=size, ms=ms), rung.transport


def _fate(held: HeldSession) -> Message:
    words = _PARTED[held.parted]
    age = held.talked_ms if held.parted is Parted.SILENT else held.age_ms
    return Message(words.text, {"s": round(age / 1_000, 1)})


def _sampled(samples: Sequence[Sample]) -> Iterable[Said]:
    if not samples:
        return
    answered = [s for s in samples if s.status is not None]
    yield say("{k} of {n} samples answered", k=len(answered), n=len(samples)), ""
    worst = max((s.ttfb_ms for s in answered if s.ttfb_ms is not None), default=None)
    if worst is not None:
        yield say("worst {ms} ms", ms=round(worst, 1)), ""
