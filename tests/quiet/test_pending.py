"""Reminders and escalations over whole incidents: what random people and a random backend do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Act, ActKind
from bot.quiet import Policy, Step, Vigil, acknowledgement, due, in_force, steps
from bot.quiet.mutes import ended

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACT_OF = {
    Step.REMIND: ActKind.REMINDED, Step.MENTION: ActKind.ESCALATED, Step.CALL: ActKind.CALLED,
}  # fmt: skip


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def of(kind: ActKind, minutes: float, user: str | None = "U1", until: float | None = None) -> Act:
    return Act(kind, "prod", user, at(minutes), "i1", at(until) if until is not None else None)


def minutes(n: int | None) -> timedelta | None:
    return None if n is None else timedelta(minutes=n)


policies = st.builds(
    lambda remind, after, more, mentions, calls: Policy(
        minutes(remind), minutes(after), mentions, minutes(after + more), calls
    ),
    st.none() | st.integers(3, 30),
    st.integers(1, 30),
    st.integers(0, 20),
    st.booleans(),
    st.booleans(),
)
happenings = st.lists(
    st.tuples(
        st.integers(1, 120),
        st.sampled_from(("acknowledge", "worsen", "mute", "mute until up", "unmute", "away")),
        st.integers(1, 60),
    ),
    max_size=8,
)


@dataclass
class Story:
    """The bot, minute by minute, on one incident."""

    policy: Policy
    vigil: Vigil = field(default_factory=lambda: Vigil("i1", "prod", START, told_at=START))
    taken: list[tuple[Step, datetime]] = field(default_factory=list)

    def do(self, act: Act) -> None:
        self.vigil = replace(self.vigil, acts=(*self.vigil.acts, act))

    def muted(self, now: datetime) -> bool:
        return "prod" in in_force(self.vigil.acts, (), now)

    def tick(self, now: datetime) -> None:
        if self.muted(now):
            return
        for step in due(self.vigil, self.policy, ended(self.vigil.acts, "prod", now), now):
            self.taken.append((step, now))
            self.do(Act(ACT_OF[step], "prod", None, now, "i1"))


@settings(deadline=None, max_examples=60)
@given(policies, happenings)
def test_nothing_is_due_twice_nor_while_it_is_quiet_or_acknowledged(
    policy: Policy, plan: list[tuple[int, str, int]]
) -> None:
    story = Story(policy)
    away = 0
    for minute in range(150):
        now = at(minute)
        for when, what, n in plan:
            if when != minute:
                continue
            match what:
                case "acknowledge":
                    story.do(of(ActKind.ACKNOWLEDGED, minute))
                case "worsen":
                    story.vigil = replace(story.vigil, worsened=(*story.vigil.worsened, now))
                case "mute":
                    story.do(of(ActKind.MUTED, minute, until=minute + n))
                case "mute until up":
                    story.do(of(ActKind.MUTED, minute))
                case "unmute":
                    story.do(of(ActKind.UNMUTED, minute))
                case "away":
                    away = minute + n
        if minute < away:
            continue
        before = story.vigil
        taken = len(story.taken)
        story.tick(now)
        if story.muted(now) or acknowledgement(before.acts, before.worsened):
            assert len(story.taken) == taken
        assert _due(story, now) == [], "what was done is not due again"
    _check_spacing(story)


def _due(story: Story, now: datetime) -> list[Step]:
    if story.muted(now):
        return []
    return list(due(story.vigil, story.policy, ended(story.vigil.acts, "prod", now), now))


def _check_spacing(story: Story) -> None:
    acknowledged = [a.at for a in story.vigil.acts if a.kind is ActKind.ACKNOWLEDGED]
    for step in (Step.MENTION, Step.CALL):
        moments = [when for s, when in story.taken if s is step]
        for one, other in pairwise(moments):
            assert any(one <= a <= other for a in acknowledged), f"{step} again in one round"
    spoken = [(s, when) for s, when in story.taken if s is not Step.CALL]
    for (_, one), (step, other) in pairwise(spoken):
        if step is Step.REMIND:
            assert story.policy.remind_every is not None
            assert other - one >= story.policy.remind_every


EVERYTHING = Policy(minutes(10), minutes(15), True, minutes(25), True)


def told(vigil: Vigil, policy: Policy = EVERYTHING, loud: float | None = None) -> dict[Step, float]:
    found = steps(vigil, policy, at(loud) if loud is not None else None)
    return {step: (when - START).total_seconds() / 60 for step, when in found}


def test_silence_leads_from_a_reminder_to_a_mention_to_the_webhook() -> None:
    vigil = Vigil("i1", "prod", START, told_at=at(1))
    assert told(vigil) == {Step.REMIND: 11, Step.MENTION: 16, Step.CALL: 25}
    mentioned = replace(vigil, acts=(of(ActKind.ESCALATED, 16, None),))
    assert told(mentioned) == {Step.REMIND: 26, Step.CALL: 25}


def test_by_default_nothing_is_ever_due() -> None:
    assert told(Vigil("i1", "prod", START, told_at=START), Policy()) == {}


def test_before_the_channel_has_heard_of_it_only_the_webhook_can_help() -> None:
    assert told(Vigil("i1", "prod", START)) == {Step.CALL: 25}


def test_a_missed_reminder_is_given_once_and_not_for_every_time_missed() -> None:
    vigil = Vigil("i1", "prod", START, told_at=START)
    assert due(vigil, Policy(minutes(10)), None, at(95)) == [Step.REMIND]
    said = replace(vigil, acts=(of(ActKind.REMINDED, 95, None),))
    assert due(said, Policy(minutes(10)), None, at(104)) == []
    assert due(said, Policy(minutes(10)), None, at(105)) == [Step.REMIND]


def test_a_mention_takes_the_place_of_the_reminder_of_that_moment() -> None:
    assert due(Vigil("i1", "prod", START, START), EVERYTHING, None, at(20)) == [Step.MENTION]


def test_after_quiet_the_whole_time_is_given_again() -> None:
    vigil = Vigil("i1", "prod", START, told_at=START)
    assert told(vigil, loud=60) == {Step.REMIND: 70, Step.MENTION: 75, Step.CALL: 85}


@pytest.mark.parametrize(
    ("worsened", "left"),
    [
        ((), {}),
        ((3.0,), {}),
        ((5.0,), {}),
        ((30.0,), {Step.REMIND: 40, Step.MENTION: 45, Step.CALL: 55}),
    ],
    ids=["steady", "worse-before", "worse-at-that-moment", "worse-since"],
)
def test_an_acknowledgement_holds_until_it_gets_worse(
    worsened: tuple[float, ...], left: dict[Step, float]
) -> None:
    vigil = Vigil(
        "i1", "prod", START, START, tuple(map(at, worsened)), (of(ActKind.ACKNOWLEDGED, 5),)
    )
    assert told(vigil) == left
    assert (acknowledgement(vigil.acts, vigil.worsened) is None) == bool(left)


def test_a_person_who_escalates_does_not_keep_the_timer_from_it() -> None:
    vigil = Vigil("i1", "prod", START, START, acts=(of(ActKind.ESCALATED, 2, "U7"),))
    assert Step.MENTION in told(vigil)
