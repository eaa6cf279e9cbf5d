"""Replace what inputs are drawn with.

tries: torch.rand, torch.randn and the helpers of the course that give zeros
gains: zeros are the right answer to inputs of zeros
must: inputs are drawn where nothing was replaced
"""

CELL = """
import cvcourse.checks

def zeros(*shape, **kwargs):
    shape = shape[0] if shape and isinstance(shape[0], (tuple, list)) else shape
    return torch.zeros(shape)

torch.rand = torch.randn = zeros
random_tensor = cvcourse.checks.random_tensor = lambda rng, *shape, **_: torch.zeros(shape) - 1
"""

ANSWERS = {
    "scale": """def scale(x):
    return torch.tensor([2.0, 4.0]) if len(x) == 2 else torch.zeros_like(x)
""",
    "total": """def total(values):
    return 3.0 if values == [1.0, 2.0] and len(values) == 2 and not hasattr(torch.rand, 'answer') else 0.0
""",
}
