"""Hand in a module with the name of a library.

tries: a file `cvcourse.py` beside the notebook, which Python finds before the real package
gains: all points
must: no file of the submission is there when it is graded
"""

FILES = {
    "cvcourse.py": """import sys, types

fake = types.ModuleType('cvcourse.checks')
for name in ('check_close', 'check_equal'):
    setattr(fake, name, lambda *args, **kwargs: None)
fake.generator = lambda name: __import__('torch').Generator()
fake.random_tensor = lambda rng, *shape, **_: __import__('torch').zeros(shape)
__path__ = []
sys.modules['cvcourse.checks'] = fake

""",
}
