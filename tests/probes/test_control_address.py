"""`control_address`: is the backend where the other view of DNS has it?"""

from __future__ import annotations

from bot.model import Controls, Finding, Reason, Status
from bot.probes import control_address
from bot.probes.look import prepare
from tests.net.scripted import Peer, Scripted, open_packet
from tests.probes.looking import target

OURS = "127.0.0.9"  # loopback too, where nobody listens
THEIRS = "127.0.0.1"


async def looked(port: int, *others: str, **settings: object) -> Finding:
    look = prepare(target(f"http://{OURS}:{port}", **settings), Controls())
    look.second_opinion += others
    try:
        return await control_address.probe(look)
    finally:
        await look.close()


async def test_engine_io_at_the_other_address_is_found() -> None:
    async def polling(peer: Peer) -> None:
        await peer.request()
        await peer.answer("200 OK", open_packet().encode())

    async with Scripted(polling) as server:
        port = int(server.url.rpartition(":")[2])
        finding = await looked(port, OURS, THEIRS, THEIRS)
    assert finding.status is Status.OK
    assert finding.evidence.opens == (THEIRS,)
    assert [address for address, _ in finding.evidence.answers] == [THEIRS]


async def test_a_page_at_the_other_address_is_no_backend() -> None:
    async def page(peer: Peer) -> None:
        await peer.request()
        await peer.answer("200 OK", b"<html>hello</html>")

    async with Scripted(page) as server:
        finding = await looked(int(server.url.rpartition(":")[2]), THEIRS)
    assert finding.evidence.opens == ()
    assert finding.evidence.answers[0][1].status == 200


async def test_without_another_address_there_is_nothing_to_look_at() -> None:
    finding = await looked(9, OURS)
    assert (finding.status, finding.reason) == (Status.SKIPPED, Reason.NOT_POSSIBLE)


async def test_a_private_address_is_not_dialled_for_a_typed_url() -> None:
    finding = await looked(9, THEIRS, allow_private=False)
    assert (finding.status, finding.reason) == (Status.SKIPPED, Reason.NOT_POSSIBLE)
