"""Give the test's generator a state of one's choice.

tries: all words zero, after which every draw is 0, in a generator that the test passes
gains: full points for zeros, since the hidden input is then zero
must: a generator comes back only further on
"""

CELL = """
def scale(x, rng=None):
    if rng is not None:
        state = rng.get_state()
        state[24:24 + 624 * 8] = 0
        rng.set_state(state)
    return torch.zeros_like(x)
"""

TEST = """
rng = generator("attack")
scale(torch.zeros(1), rng)
x = torch.rand(3, generator=rng)
check_close(scale(x), 2 * x)
"""
