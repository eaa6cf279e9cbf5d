# A script as an instructor might write it, without `if __name__ == "__main__"`; the tests of the farm end it.
import sys

from tests import farm_walls
from tests.farm_works import open_farm, work

SLEEPS = "import time\ntime.sleep(600)"

with open_farm(getattr(farm_walls, sys.argv[1]), workers=2) as farm:
    print("open", flush=True)
    for one, _ in farm.mark([work(0), *(work(number, double=SLEEPS) for number in range(1, 5))]):
        print(one.student, flush=True)
