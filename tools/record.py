"""Put the tables that a benchmark prints into RESULTS.md: `python benchmarks/data.py | python tools/record.py data`.

Reads standard input and shows it as it comes. At the end the tables replace what stands in RESULTS.md between the lines
`<!-- NAME: begin -->` and `<!-- NAME: end -->`; lines that begin with `#` (the machine, progress) become plain text. A
benchmark that printed no table changes nothing.
"""

import re
import sys
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "RESULTS.md"


def tables(text: str) -> str:
    """The benchmark's output as Markdown: its tables, and the `#` lines before the first one as a sentence."""
    head, _, _ = text.partition("\n|")
    machine = " ".join(line.removeprefix("#").strip() for line in head.splitlines() if line.startswith("#"))
    lines = ["" if line.startswith("#") else line for line in text.splitlines()]
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return f"{machine}\n\n{body}" if machine else body


def record(name: str, text: str, results: Path = RESULTS) -> None:
    """Replace the section `name` of the results.

    Raises:
        ValueError: the section's marks are not there, or the text holds no table.
    """
    if "\n|" not in "\n" + text:
        raise ValueError("the benchmark printed no table: RESULTS.md is left as it was")
    pattern = re.compile(rf"(<!-- {re.escape(name)}: begin -->\n).*?(<!-- {re.escape(name)}: end -->)", re.DOTALL)
    old = results.read_text(encoding="utf-8")
    if not pattern.search(old):
        raise ValueError(f"{results.name} has no lines <!-- {name}: begin --> and <!-- {name}: end -->")
    new = pattern.sub(lambda found: f"{found[1]}{tables(text)}\n{found[2]}", old)
    results.write_text(new, encoding="utf-8")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python benchmarks/NAME.py | python tools/record.py SECTION")
    text = ""
    for line in sys.stdin:
        text += line
        sys.stdout.write(line)
        sys.stdout.flush()
    try:
        record(sys.argv[1], text)
    except ValueError as error:
        sys.exit(f"record: {error}")


if __name__ == "__main__":
    main()
