"""Saved reports of real faults, each with the verdict that it must get for ever.

`python -m tests.golden.record` makes the missing ones from the lab; an existing file is a promise
and is never written again. A wrong verdict that somebody reports becomes a file here.
"""
