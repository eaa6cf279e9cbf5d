"""Give the global generator a state of one's choice.

tries: a global generator of zeros, which the test draws its inputs from
gains: full points for zeros
must: the state of a global generator never comes back
"""

CELL = """
def scale(x):
    state = torch.get_rng_state()
    state[24:24 + 624 * 8] = 0
    torch.set_rng_state(state)
    return torch.zeros_like(x)
"""

TEST = """scale(torch.zeros(1))
x = torch.rand(3)
check_close(scale(x), 2 * x)
"""
