"""Watching: one supervised connection per target, and what is made of its troubles.

| module | subject |
|---|---|
| `watchers` | all targets: supervised, added and removed one by one |
| `watch` | one target: suspicion → fresh probes → incident, recorded with its deliveries |
| `looks` | one diagnosis at a time, bounded for the whole process |
| `naming` | whether a look that finds another trouble than was told is believed |
| `outages` | what one look found counts for all who would queue to find the same |
| `ledger` | a look becomes state, transitions and deliveries, recorded at once |
| `chronicle` | what happens is remembered, and what recurs is found in it |
| `tally` | seconds up, degraded and down, for the samples |
| `snapshot` | the present of a target |
| `holder` | keeps the Socket.IO connection up, for ever |
| `crowd` | many that wait for one backend: few knock, and who gets in tells the others |
| `held` | one connection, whatever it runs over |
| `line` | a WebSocket of our own: its heartbeat, how it ended |
| `stream` | its bytes and frames, without tasks or buffers |
| `ticks` | timers and heartbeats of many, in one turn of the loop |
| `polled` | what begins with polling: python-socketio, under our supervision |
| `wire` | the session that python-socketio talks through |
| `reach` | where and how to connect, read anew for every attempt |
| `pace` | how fast; backoff; when a browser client would have given up |
| `log` | the connection log in the guide's legend |
"""

from bot.watcher.holder import Link, Noticed
from bot.watcher.log import ConnectionLog, LogLine
from bot.watcher.looks import Diagnose, Slots
from bot.watcher.pace import Pace
from bot.watcher.snapshot import Snapshot
from bot.watcher.watch import Watcher
from bot.watcher.watchers import Watchers
from bot.watcher.wire import Sockets

__all__ = [
    "ConnectionLog",
    "Diagnose",
    "Link",
    "LogLine",
    "Noticed",
    "Pace",
    "Slots",
    "Snapshot",
    "Sockets",
    "Watcher",
    "Watchers",
]
