"""Attacks by a whole notebook, one file each, handed in to the assignment in `tests/attacks/notebook_course.py`.

A file has a docstring with the lines `tries:`, `gains:` and `must:`, and one or more of

- `CELL`: a code cell between the set-up and the first exercise; `FIRST`: one before the set-up.
- `ANSWERS` (default: answers worth nothing): the texts of the answer cells, by grade_id; the stub stands for the rest.
- `edit(notebook, fill)`: what else is changed in the file. `FILES`: other files of the submission, by name.

`@name@` stands for a name of `notebook_scene.Scene.fill`. What an attack reads it prints after `loot:`; what it writes
outside its own folder bears the mark `planted by @name@!`. It must gain no point, show no secret, reach no server,
leave nothing, and cost nobody else a point.

Most of them succeed in plain nbgrader, where they run with the rights of whoever starts them: their harm is limited to
the folders `@course@` and `@home@`, to 3 GB of memory, 300 MB of output and 50 processes that end by themselves.
"""
