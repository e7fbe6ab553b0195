"""A target's past in a picture: samples, connections and incidents in, a PNG out.

| module | subject |
|---|---|
| `percentiles` | samples → the round trip's percentiles over time |
| `bands` | samples and incidents → in which state, from when to when |
| `picture` | everything that a chart shows, as plain data in no language |
| `words` | the same in sentences: alternative text, and the answer where nothing can be drawn |
| `drawing` | a picture → PNG; the one module that knows matplotlib |
| `artist` | drawing in a process of its own, under a deadline |

All but `artist` is pure. matplotlib is imported by the process that draws and by no other.
"""

from bot.charts.artist import Artist, DrawingError
from bot.charts.picture import Picture, compose, longest_sample_s
from bot.charts.words import alt_text, empty, summary

__all__ = [
    "Artist",
    "DrawingError",
    "Picture",
    "alt_text",
    "compose",
    "empty",
    "longest_sample_s",
    "summary",
]
