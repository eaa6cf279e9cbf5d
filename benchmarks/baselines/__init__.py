"""The small methods that `benchmarks/data.py` measures the rendered data with; no part of the course."""
