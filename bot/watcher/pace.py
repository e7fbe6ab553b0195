"""How fast the watcher is, and how long a browser client would have kept trying. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bot.model import ClientSettings


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. The defaults are what `measurements.md` found; tests are faster."""

    heartbeat_s: float = 2.0  # ping to ping
    echo_s: float = 5.0  # the same on polling, where it costs two requests
    pong_s: float = 0.9  # no frame for this long after a ping: a suspicion
    drop_s: float = 5.0  # a suspicion this old ends the connection
    connect_s: float = 10.0  # one attempt, namespace included
    retry_first_s: float = 0.1
    retry_max_s: float = 2.0
    stable_s: float = 10.0  # a connection that lived this long resets the retries
    gather_s: float = 0.2  # a look waits so long for whoever else has lost a connection to say so
    settle_s: float = 1.5  # a connection that is back is let be for so long before it is believed
    recheck_first_s: float = 1.0  # looks while an incident is open
    recheck_max_s: float = 10.0
    uneven_s: float = 10.0  # between looks at a path of which one look found it lossy
    crash_max_s: float = 60.0  # a watcher that fails by a bug of ours is started again after
    write_s: float = 5.0  # between two writes of the history
    sample_s: int = 60  # of history each sample stands for


@dataclass(slots=True)
class Backoff:
    """Growing pauses with jitter, for ever. `next()` is the pause to take now."""

    first_s: float
    max_s: float
    factor: float = 1.6
    step: int = 0

    def next(self) -> float:
        """Between half and all of the step's pause, so that many targets spread out."""
        # The exponent is bounded before the power: hours of retries must not overflow.
        whole = min(self.max_s, self.first_s * self.factor ** min(self.step, 64))
        self.step += 1
        return whole * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the first pause."""
        self.step = 0


def gives_up_after_s(client: ClientSettings, attempt_s: float) -> float | None:
    """Seconds after which socket.io-client has used up its attempts; None: it never gives up.

    Its delay doubles from reconnectionDelay to reconnectionDelayMax (jitter averages out), and
    each attempt lasts `attempt_s`, at most the client's own timeout. With the guide's settings and
    a refused port that is 175 s.
    """
    if client.reconnection_attempts is None:
        return None
    lasts_s = min(attempt_s, client.timeout_ms / 1000)
    delay_ms, longest_ms = client.reconnection_delay_ms, client.reconnection_delay_max_ms
    total_s = 0.0
    for n in range(client.reconnection_attempts):
        if delay_ms >= longest_ms:  # it grows no more: count the rest at once
            return total_s + (client.reconnection_attempts - n) * (longest_ms / 1000 + lasts_s)
        total_s += delay_ms / 1000 + lasts_s
        delay_ms *= 2
    return total_s
