"""Attacks on the grader, one file each: what it tries, what it would gain, what must happen.

`walls/` holds cells that a student might hand in to reach what lies outside the kernel, or to take more than its share.
A file has a docstring with the lines `tries:`, `gains:` and `must:`, and

- `CELL`: the source. It prints `loot: ...` when it got something. `@name@` stands for a name of `scene.Scene.names`.
- `STATUS` (default ok and error): how the run may end.
- `LIMITS`, `CPU`, `WALL` (optional): other limits than the default.
- `BARE` (default True): the cell is also run without walls, where it must find loot; so a cell that tries nothing is
  noticed. False where that would harm the machine or needs what only a kernel has.
- `check(outputs, scene)` (optional): more that must hold.
"""
