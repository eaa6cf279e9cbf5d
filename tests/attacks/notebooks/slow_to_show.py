"""Hand in texts that parsers of Markdown and code take minutes for.

tries: cells of open brackets, links, formulas, Perl's quotes and blocks of code in other languages
gains: a `cvcourse report` that does not end, and nobody's points go out
must: the page is made in seconds, and shows the texts as they stand
"""

from nbformat.v4 import new_code_cell, new_markdown_cell

PERL = "s{" * 15_000
MARKDOWN = [piece * (30_000 // len(piece)) for piece in ("[", "![", "[a](", "[a][b]", "\\\\(", "\\begin{a}", "> ")]
MARKDOWN += ["[" * 100_000, f"```perl\n{PERL[:9000]}\n```", *["![" * 4900] * 20]
CODE = [f"%%perl\n{PERL}", f"1\n%%perl\n{PERL}", f"%%ruby\n{'<<a ' * 10_000}", f'"{"f{" * 10_000}']


def edit(notebook, fill):
    notebook.cells[3:3] = [*map(new_markdown_cell, MARKDOWN), *map(new_code_cell, CODE)]
