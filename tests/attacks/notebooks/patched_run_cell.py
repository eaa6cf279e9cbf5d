"""Take the place of the function that runs cells.

tries: a run_cell that runs nothing and reports success
gains: all points: a cell without outputs passes
must: what the answer's kernel reports about itself is never counted
"""

CELL = """
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

shell = get_ipython()

def info(text):
    return ExecutionResult(ExecutionInfo(text, False, True, False, None))

async def run_cell_async(self, raw_cell="", *args, **kwargs):
    return info(raw_cell)

type(shell).run_cell_async = run_cell_async
type(shell).run_cell = lambda self, raw_cell="", *args, **kwargs: info(raw_cell)
"""
