"""Figures, as ratios from one run on one machine: `python -m bench`, or `make bench`.

Nothing here decides whether the tests pass: a timed test fails on a busy machine.
"""
