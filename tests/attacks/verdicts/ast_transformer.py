"""Have IPython rewrite the test before it runs.

tries: an AST transformer that leaves out every call of a check
gains: a test cell that checks nothing
must: the shell that runs the test is another one
"""

KERNEL = True

CELL = """
import ast
class LeaveOut(ast.NodeTransformer):
    def visit_Expr(self, node):
        return None
get_ipython().ast_transformers.append(LeaveOut())
def scale(x):
    return torch.zeros_like(x)
"""
