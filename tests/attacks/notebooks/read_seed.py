"""Look the secret seed up.

tries: the environment, the class's file of seeds, and the checks' own memory of it
gains: the inputs of every hidden test, beforehand
must: the seed is known to the tests' process only
"""

CELL = """
import os
import pathlib

for path in pathlib.Path("@course@").rglob("seeds.json"):
    print("loot:", path.read_text())
print("loot:", os.environ.get("CVCOURSE_SEED"))
print("loot:", generator("hidden scale").initial_seed())
"""
