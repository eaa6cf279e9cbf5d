"""Names of people as lists write them: `First Last`, `Last, First`, `Last, Jr., First`."""


def turned(name: str) -> tuple[str, str, str]:
    """(first, last, both as a person reads them) of `Last, First` or `Last, Jr., First`."""
    last, *between, first = (part.strip() for part in name.split(","))
    suffix = "".join(f", {part}" for part in between if part)
    return first, last + suffix, f"{first} {last}".strip() + suffix


def split_name(name: str) -> tuple[str, str, str]:
    """The same of a name written in its natural order."""
    first, _, last = name.rpartition(" ")
    return first, last, name
