"""Which incidents share a message: each is in exactly one group, whatever comes in what order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storms import CAUSE_WITHIN, MOST, PLACE_WITHIN, Case, Gathering, fold, gather, places
from tests import building
from tests.slack.reports import report

START = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)


def case(
    name: str, at_s: float = 0, code: str | None = "tcp_refused", *where: str, over: bool = False
) -> Case:
    opened_at = START + timedelta(seconds=at_s)
    return Case(f"i-{name}", name, opened_at, not over, code, frozenset(where))


def names(groups: list[Gathering]) -> list[list[str]]:
    return [[case.target for case in group.cases] for group in groups]


def test_the_same_cause_within_a_minute_is_one_storm() -> None:
    within, after = CAUSE_WITHIN.total_seconds(), CAUSE_WITHIN.total_seconds() + 1
    assert names(gather([], [case("a"), case("b", within)])) == [["a", "b"]]
    assert names(gather([], [case("a"), case("b", after)])) == [["a"], ["b"]]


def test_a_storm_goes_on_as_long_as_it_goes_on() -> None:
    assert names(gather([], [case(f"t{n}", n * 50) for n in range(6)])) == [
        [f"t{n}" for n in range(6)]
    ]


def test_the_same_cause_at_the_same_address_belongs_together_for_longer() -> None:
    late = PLACE_WITHIN.total_seconds()
    here, there = "address:192.0.2.1", "address:192.0.2.2"
    one = case("a", 0, "tcp_refused", here)
    assert names(gather([], [one, case("b", late, "tcp_refused", here)])) == [["a", "b"]]
    assert names(gather([], [one, case("b", late, "tcp_refused", there)])) == [["a"], ["b"]]


def test_other_causes_at_the_same_address_are_other_troubles() -> None:
    here = "address:192.0.2.1"
    groups = gather([], [case("a", 0, "tcp_refused", here), case("b", 1, "http_500", here)])
    assert names(groups) == [["a"], ["b"]]


@pytest.mark.parametrize("code", ["http_500", "unrecognised", None])
def test_one_port_that_fails_in_several_ways_within_a_minute_is_one_storm(code: str | None) -> None:
    here, minute = "endpoint:192.0.2.1 443", CAUSE_WITHIN.total_seconds()
    one = case("a", 0, "tcp_refused", here)
    assert names(gather([], [one, case("b", minute, code, here)])) == [["a", "b"]]
    assert names(gather([], [one, case("b", minute + 1, code, here)])) == [["a"], ["b"]]


@pytest.mark.parametrize("code", [None, "unrecognised"])
def test_what_nobody_can_name_is_not_the_same_thing(code: str | None) -> None:
    assert names(gather([], [case("a", 0, code), case("b", 1, code)])) == [["a"], ["b"]]


def test_a_shared_certificate_joins_whatever_is_wrong_with_it() -> None:
    held = "certificate:1"
    groups = gather([], [case("a", 0, "tls_expired", held), case("b", 300, "tls_expiring", held)])
    assert names(groups) == [["a", "b"]]


def test_a_told_group_takes_in_as_long_as_something_of_it_lasts() -> None:
    for over, expected in ((False, [["a", "b"]]), (True, [["a"], ["b"]])):
        told = Gathering("g", (case("a", over=over),), told=True)
        assert names(gather([told], [case("b", 5)])) == expected


def test_a_target_is_in_a_group_once() -> None:
    told = Gathering("g", (case("a", over=True), case("b")), told=True)
    again = Case("i-a2", "a", START + timedelta(seconds=9), True, "tcp_refused")
    assert names(gather([told], [again])) == [["a", "b"], ["a"]]


def test_a_group_has_a_bound() -> None:
    groups = gather([], [case(f"t{n}") for n in range(MOST + 1)])
    assert [len(group.cases) for group in groups] == [MOST, 1]


def test_outages_of_a_target_that_nobody_heard_of_are_folded() -> None:
    past = [Gathering(f"g{n}", (case("a", n * 900, over=True),)) for n in range(3)]
    lasting = Gathering("g3", (case("a", 3600),))
    assert names(fold([*past, lasting])) == [["a"] * 4]
    told = Gathering("g0", past[0].cases, told=True)
    assert names(fold([told, *past[1:], lasting])) == [["a"], ["a"] * 3]


def test_a_storm_that_came_twice_is_folded() -> None:
    first = Gathering("g1", (case("a", 0, over=True), case("b", 0, over=True)))
    second = Gathering("g2", (case("b", 9000, over=True), case("a", 9000, over=True)))
    assert names(fold([first, second])) == [["a", "b", "b", "a"]]


def test_what_lasts_is_not_folded_with_what_lasts() -> None:
    assert names(fold([Gathering("g1", (case("a"),)), Gathering("g2", (case("a"),))])) == [
        ["a"],
        ["a"],
    ]


CASES = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.integers(0, 4000),
        st.sampled_from(["tcp_refused", "tls_expired", "unrecognised", None]),
        st.sets(st.sampled_from(["host:h", "address:1", "certificate:1"])),
        st.booleans(),
    ),
    max_size=40,
)


@given(CASES, st.sets(st.integers(0, 10)))
def test_everybody_is_in_exactly_one_group_and_stays_there(
    given_cases: list[tuple[str, int, str | None, set[str], bool]], told: set[int]
) -> None:
    cases = [
        Case(f"i{n}", name, START + timedelta(seconds=at), is_open, code, frozenset(where))
        for n, (name, at, code, where, is_open) in enumerate(given_cases)
    ]
    half = len(cases) // 2
    standing = [
        Gathering(group.id, group.cases, n in told)
        for n, group in enumerate(fold(gather([], cases[:half])))
    ]
    after = fold(gather(standing, cases[half:]))
    placed = [case.id for group in after for case in group.cases]
    assert sorted(placed) == sorted(case.id for case in cases)
    now = {group.id: group for group in after}
    assert len(now) == len(after)
    for group in standing:
        if group.told:  # people know this message: nobody leaves it, and if over nobody joins
            assert now[group.id].cases[: len(group.cases)] == group.cases
            assert group.open or now[group.id] == group
    for group in after:
        lasting = [case.target for case in group.cases if case.open]
        assert len(group.cases) <= MOST
        assert len(group.targets) == 1 or len(lasting) == len(set(lasting))


def test_places_are_host_addresses_and_certificate() -> None:
    plain = report(url="https://prod.example:8443")
    assert places(plain) == {
        "host:prod.example",
        "address:192.0.2.1",
        "endpoint:192.0.2.1 8443",
    }
    tls = replace(plain, findings=(building.tls(),))
    renewed = building.certificate(not_after=building.NOW + timedelta(days=90))
    (held,) = places(tls) - {"host:prod.example"}
    assert held.startswith("certificate:")
    assert held in places(replace(tls, target_url="https://other.example"))
    assert held not in places(replace(tls, findings=(building.tls(certificate=renewed),)))
