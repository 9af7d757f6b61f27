"""Says of each thing that is looked at whether it is so; a program that found something wrong exits with 1."""

import sys

_wrong = 0


def that(so, what):
    """Reports one thing; the number of the first few counter-examples belongs into `what`."""
    global _wrong
    print(f"  {'so' if so else 'NOT SO'}: {what}", flush=True)
    _wrong += not so


def same(one, other, what):
    """What was counted twice, in different places, must be equal."""
    show = lambda value: f"{value:,}" if isinstance(value, int) else f"{value}"
    that(one == other, f"{what}: {show(one)}" + ("" if one == other else f", but {show(other)} there"))


def none(bad, of, what):
    """`bad` holds what contradicts `what`, found among `of` things."""
    shown = f", but not {len(bad):,}, such as {bad[:3]!r:.400}" if bad else ""
    that(not bad, f"{what} ({of:,}){shown}")


def finish():
    """Ends the program."""
    if _wrong:
        print(f"  {_wrong} of the above NOT SO")
    sys.exit(1 if _wrong else 0)
