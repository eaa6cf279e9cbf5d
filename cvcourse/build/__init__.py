"""Building the course: from the percent scripts in `source/` to the notebooks in `solutions/` and `course/`.

- `source`: one percent script becomes one notebook (cell ids, badge, set-up cell, hash of its source)
- `rules`: what a source must fulfil
- `setup_cell`: the badge and the lines that install the package where it is missing
- `execute`: runs a notebook with time limits
- `outputs`: cleans what a run left behind, and finds what must not be published
- `release`: nbgrader's `generate_assignment` on one notebook
- `pipeline`: builds what changed, and checks that everything is in step
- `nbval`: runs the built notebooks again and compares the outputs that must not change
"""
