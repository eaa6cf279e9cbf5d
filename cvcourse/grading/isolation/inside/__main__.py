"""`python -m cvcourse.grading.isolation.inside`: the zygote."""

import sys

from cvcourse.grading.isolation.inside.zygote import main

main(sys.argv[1:])
