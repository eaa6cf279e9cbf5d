"""Reasons: why a cell came to no good end, in a line or two that can be shown anywhere."""

import re

from cvcourse.grading.runs import CellRun, Limits

LONGEST_REASON = 600
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What would steer the terminal or turn the text around where a reason is shown; a line break stays.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without colours and other commands to a terminal, cut to a reason's length."""
    text = _CONTROL.sub(" ", _ANSI.sub("", text[: 4 * LONGEST_REASON])).strip()
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def why_stopped(run: CellRun, limits: Limits) -> str:
    """Of a cell that the kernel sent no reply to."""
    if run.status in ("timeout", "no time"):
        return clean(run.evalue) or f"it did not end within {limits.cell:g} s of computing"
    return clean(run.evalue) if run.evalue else "the kernel died while it ran"
