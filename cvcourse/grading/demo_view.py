"""What `cvcourse demo` prints for people."""

from rich.console import Group
from rich.text import Text

from cvcourse.console import table
from cvcourse.grading.demo import Demo
from cvcourse.grading.grade_view import aside_view


def demo_view(result: Demo) -> Group:
    """Everybody's expected and given points, what was set aside, and where everything lies."""
    view = table("The demo's class", "student", "handed in", "expected", "given", "status", "remarks")
    for row in result.rows:
        remark = "; ".join(row.problems) if row.problems else row.remark
        given = "" if row.given is None else f"{row.given:g}"
        style = "bold red" if row.problems else ""
        cells = row.name, row.what, f"{row.expected:g}", given, row.status, remark
        view.add_row(*(Text(cell, style=style) for cell in cells))
    right = sum(not row.problems for row in result.rows)
    lines = [view, *aside_view(result.aside)]
    lines.append(Text(f"{right} of {len(result.rows)} students got what they must get, in {result.seconds:.0f} s."))
    lines += [Text(f"Note: {note}.") for note in result.notes]
    names = ("gradebook", "feedback", "pages", "plot", "class", "platform")
    lines += [
        Text(f"{name:11}{result.files[name]}", no_wrap=True, overflow="ignore")
        for name in names
        if name in result.files
    ]
    return Group(*lines)
