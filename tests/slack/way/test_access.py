"""Who may."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.way.access import Deed, Organisation, Person, Policy, Rule, Where, person, refusal

HOME = Organisation("T1", "E1")
OPS = Where("C1", "ops")
MEMBER = Person("U1")


def may(policy: Policy, who: Person, groups: tuple[str, ...] = (), where: Where = OPS) -> bool:
    return refusal(policy, Deed.CHECK, who, frozenset(groups), where) is None


def test_every_member_may_by_default_and_guests_and_strangers_may_not() -> None:
    assert may(Policy(), MEMBER)
    assert not may(Policy(), Person("U2", guest=True))
    assert not may(Policy(), Person("U3", outsider=True))
    assert not may(Policy(), Person("U4", bot=True))
    assert not may(Policy(), Person("U5", deactivated=True))


def test_a_listed_guest_may_and_a_listed_channel_does_not_let_guests_in() -> None:
    guest = Person("U2", guest=True)
    assert may(Policy(check=Rule.of(users=["U2"])), guest)
    assert may(Policy(check=Rule.of(groups=["S1"])), guest, ("S1",))
    assert not may(Policy(check=Rule.of(channels=["C1"])), guest)


def test_everyone_and_a_listed_guest_are_let_in_together() -> None:
    policy = Policy(check=Rule(users=frozenset({"U2"}), everyone=True))
    assert may(policy, MEMBER)
    assert may(policy, Person("U2", guest=True))
    assert not may(policy, Person("U3", guest=True))


def test_a_list_shuts_everybody_else_out() -> None:
    policy = Policy(check=Rule.of(users=["U9"]))
    assert not may(policy, MEMBER)
    assert may(policy, Person("U9"))


@pytest.mark.parametrize("channel", ["C1", "ops", "#ops", "<#C1|ops>"])
def test_a_channel_is_listed_by_id_or_name(channel: str) -> None:
    policy = Policy(check=Rule.of(channels=[channel]))
    assert may(policy, MEMBER)
    assert not may(policy, MEMBER, where=Where("C2", "random"))


def test_a_rule_for_managing_does_not_restrict_checking() -> None:
    policy = Policy(manage=Rule.of(users=["U9"]))
    assert may(policy, MEMBER)
    assert refusal(policy, Deed.MANAGE, MEMBER, frozenset(), OPS) is not None


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"id": "U1", "team_id": "T1"}, Person("U1")),
        ({"id": "U1", "team_id": "T1", "is_restricted": True}, Person("U1", guest=True)),
        ({"id": "U1", "team_id": "T1", "is_ultra_restricted": True}, Person("U1", guest=True)),
        ({"id": "U1", "team_id": "T2"}, Person("U1", outsider=True)),
        ({"id": "U1", "team_id": "T1", "is_stranger": True}, Person("U1", outsider=True)),
        ({"id": "U1", "team_id": "E1"}, Person("U1")),
        ({"id": "U1", "team_id": "T2", "enterprise_user": {"enterprise_id": "E1"}}, Person("U1")),
        ({"id": "U1", "team_id": "E1", "enterprise_user": {"teams": ["T1"]}}, Person("U1")),
        ({"id": "U1", "team_id": "T1", "deleted": True}, Person("U1", deactivated=True)),
        ({"id": "USLACKBOT", "team_id": "T1"}, Person("USLACKBOT", bot=True)),
        ({}, Person("", outsider=True)),
    ],
)  # fmt: skip
def test_a_user_object_is_read(user: dict[str, Any], expected: Person) -> None:
    assert person(user, HOME) == expected


ids = st.sampled_from(["A", "B", "C"])
rules = st.builds(Rule.of, st.lists(ids), st.lists(ids), st.lists(ids))


@given(rules, st.builds(Person, ids, st.booleans(), st.booleans()), st.frozensets(ids), ids)
def test_nobody_from_outside_gets_in_unless_listed(
    rule: Rule, who: Person, groups: frozenset[str], channel: str
) -> None:
    allowed = refusal(Policy(check=rule), Deed.CHECK, who, groups, Where(channel)) is None
    listed = who.id in rule.users or bool(groups & rule.groups)
    if who.guest or who.outsider:
        assert allowed == listed
    elif allowed:
        assert listed or rule.open or channel in rule.channels
