"""Background jobs: tracked, bounded, joined, drained."""

import asyncio
import logging

import pytest

from bot.jobs import Jobs, JobsBusyError, JobsClosedError


async def test_a_job_runs_and_is_forgotten_when_it_ends() -> None:
    jobs = Jobs()

    async def work() -> int:
        return 7

    task = jobs.start("seven", work())
    assert len(jobs) == 1
    assert await task == 7
    assert len(jobs) == 0


async def test_an_exception_is_logged_with_the_name_of_the_job(
    caplog: pytest.LogCaptureFixture,
) -> None:
    jobs = Jobs()

    async def work() -> None:
        raise RuntimeError("broken inside")

    with caplog.at_level(logging.ERROR, logger="wsdiag.jobs"):
        task = jobs.start("the broken one", work())
        await asyncio.wait({task})
    assert "the broken one" in caplog.text
    assert "broken inside" in caplog.text


async def test_one_job_more_than_the_limit_is_refused_and_never_runs() -> None:
    jobs = Jobs(limit=1)
    gate = asyncio.Event()
    ran: list[str] = []

    async def work(name: str) -> None:
        ran.append(name)
        await gate.wait()

    first = jobs.start("first", work("first"))
    with pytest.raises(JobsBusyError):
        jobs.start("second", work("second"))
    gate.set()
    await first
    await jobs.start("third", work("third"))
    assert ran == ["first", "third"]


async def test_a_second_asker_joins_the_first_and_both_get_the_result() -> None:
    jobs = Jobs()
    gate = asyncio.Event()
    runs = 0

    async def work() -> str:
        nonlocal runs
        runs += 1
        await gate.wait()
        return "report"

    first = jobs.join("prod", "check prod", work)
    second = jobs.join("prod", "check prod", work)
    assert (first.first, second.first) == (True, False)
    gate.set()
    assert await asyncio.gather(first.result(), second.result()) == ["report", "report"]
    assert runs == 1


async def test_joining_needs_no_free_place_and_other_keys_do() -> None:
    jobs = Jobs(limit=1)
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()

    first = jobs.join("prod", "check", work)
    assert not jobs.join("prod", "check", work).first
    with pytest.raises(JobsBusyError):
        jobs.join("staging", "check", work)
    gate.set()
    await first.result()


async def test_after_the_end_the_same_key_starts_anew() -> None:
    jobs = Jobs()
    runs = 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        return runs

    assert await jobs.join("prod", "check", work).result() == 1
    again = jobs.join("prod", "check", work)
    assert again.first
    assert await again.result() == 2


async def test_an_asker_that_gives_up_does_not_end_the_job_for_the_other() -> None:
    jobs = Jobs()
    gate = asyncio.Event()

    async def work() -> str:
        await gate.wait()
        return "report"

    patient = jobs.join("prod", "check", work)
    hasty = asyncio.create_task(jobs.join("prod", "check", work).result())
    await asyncio.sleep(0)
    hasty.cancel()
    await asyncio.wait({hasty})
    gate.set()
    assert await patient.result() == "report"


async def test_every_asker_sees_the_failure_of_a_shared_job() -> None:
    jobs = Jobs()

    async def work() -> None:
        raise ValueError("no")

    both = [jobs.join("prod", "check", work), jobs.join("prod", "check", work)]
    for joined in both:
        with pytest.raises(ValueError, match="no"):
            await joined.result()


async def test_draining_lets_running_jobs_finish_and_takes_no_new_ones() -> None:
    jobs = Jobs()
    gate = asyncio.Event()
    finished: list[str] = []

    async def work() -> None:
        await gate.wait()
        finished.append("done")

    jobs.start("patient", work())
    draining = asyncio.create_task(jobs.drain(30))
    await asyncio.sleep(0)
    with pytest.raises(JobsClosedError):
        jobs.start("late", work())
    with pytest.raises(JobsClosedError):
        jobs.join("late", "late", work)
    gate.set()
    assert await draining == 0
    assert finished == ["done"]
    assert len(jobs) == 0


async def test_a_job_that_outlives_the_deadline_is_cancelled_and_may_clean_up() -> None:
    jobs = Jobs()
    started = asyncio.Event()
    cleaned: list[str] = []

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("rewritten")

    jobs.start("endless", work())
    await started.wait()
    assert await jobs.drain(0) == 1
    assert cleaned == ["rewritten"]
    assert len(jobs) == 0


async def test_a_job_that_ignores_its_cancellation_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    jobs = Jobs()
    started = asyncio.Event()
    gate = asyncio.Event()

    async def work() -> None:
        started.set()
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue

    task = jobs.start("stubborn", work())
    await started.wait()
    with caplog.at_level(logging.ERROR, logger="wsdiag.jobs"):
        await jobs.drain(0, grace=0.01)
    assert "stubborn" in caplog.text
    gate.set()
    await task
