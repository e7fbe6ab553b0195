"""What to run next, as exact commands made of what the paste names, or as a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.explain.address import Address
from bot.explain.reading import Step
from bot.model import Message, say


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    words: what it tells. argv: the command, unquoted; none where there is nothing to type.
    target: the command is `wsdiag check`, which a chat spells in its own way.
    """

    words: Message
    argv: tuple[str, ...] = ()
    target: bool = False


PLACEHOLDER = "https://backend.example.com"


def actions(
    steps: Iterable[Step], address: Address | None, origin: str | None, *, cors: bool = False
) -> tuple[Action, ...]:
    """The commands for `steps`, each once: the check first, what only people can look at last.

    cors: CORS is in question, so that a check without the page's Origin would not see it.
    """
    wanted = set(steps)
    check = _check(address, origin, wanted, cors=cors)
    return (
        check,
        *(action for step in _ORDER if step in wanted for action in _more(step, address)),
    )


_ORDER = (Step.CERTIFICATE, Step.NAME, Step.BROWSER, Step.SERVER)


def _check(address: Address | None, origin: str | None, steps: set[Step], *, cors: bool) -> Action:
    argv = ["wsdiag", "check", address.url if address else PLACEHOLDER]
    if address and address.path:
        argv += ["--path", address.path]
    if origin:
        argv += ["--origin", origin]
    elif cors:
        argv += ["--origin", "https://app.example.com"]
    if Step.AUTH in steps:
        argv += ["--auth", "env:SOCKET_AUTH"]
    if Step.DEEP in steps:
        argv.append("--deep")
    return Action(_words(address, origin, steps, cors=cors), tuple(argv), target=True)


def _words(address: Address | None, origin: str | None, steps: set[Step], *, cors: bool) -> Message:
    if address is None:
        return say("Let wsdiag look for itself; put your backend's address in:")
    if cors and not origin:
        return say("Let wsdiag look for itself; put your page's Origin in:")
    if Step.AUTH in steps:
        return say("Let wsdiag look for itself, with the client's auth payload in SOCKET_AUTH:")
    if Step.DEEP in steps:
        return say("Let wsdiag hold a connection and watch it:")
    return say("Let wsdiag look for itself:")


def _more(step: Step, address: Address | None) -> tuple[Action, ...]:
    host = address.host if address else "backend.example.com"
    match step:
        case Step.CERTIFICATE:
            place = f"[{host}]" if ":" in host else host
            port = address.port if address else 443
            return (
                Action(
                    say(
                        "See which certificates the server sends:"
                    ),
                    ("openssl", "s_client", "-connect", f"{place}:{port}", "-servername", host,
                     "-showcerts"),
                ),
            )  # fmt: skip
        case Step.NAME:
            return (
                Action(say("Ask your resolver, then one outside:"), ("dig", host)),
                Action(say("…and compare:"), ("dig", "@1.1.1.1", host)),
            )
        case Step.BROWSER:
            return (
                Action(
                    say(
                        "In the affected browser: DevTools → Network → WS and Console, then a "
                        "private window without extensions, then another network."
                    )
                ),
            )
        case Step.SERVER:
            return (
                Action(
                    say("Read the log of the server process around that moment:"),
                    ("journalctl", "-u", "backend", "-n", "200", "--no-pager"),
                ),
            )
        case _:
            return ()
