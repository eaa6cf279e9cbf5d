"""The parts of `benchmarks/grader.py`: courses and submissions, plain nbgrader, ours, memory, the attacks."""
