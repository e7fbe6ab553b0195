"""The process that draws: an order as JSON on stdin, a PNG on stdout."""

from __future__ import annotations

import sys

from bot.charts.artist import ORDER
from bot.charts.clock import Clock
from bot.charts.drawing import draw

if __name__ == "__main__":
    order = ORDER.validate_json(sys.stdin.buffer.read())
    sys.stdout.buffer.write(draw(order.picture, Clock.of(order.zone, order.lang)))
