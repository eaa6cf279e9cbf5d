"""The 24 students of the demo: what each hands in, and which tests that must lose.

The answers are those of the mutant bank, by file name; which tests each of them loses is stated here by hand, from what
the mistake is and what the test asks for, so that the grader's result has something to be compared with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cvcourse.grading.outcomes import Outcome

UNIT = "01_convolutions"
SIZE, CORRELATE, PAD = "01_conv_output_size", "02_correlate2d", "04_pad2d"
BLANK = "blank"
EVERYTHING = "*"


@dataclass(frozen=True)
class Case:
    """One student of the demo.

    Attributes:
        what: in a few words.
        answers: exercise -> file of the mutant bank without `.py`, or `BLANK`; the solution stands everywhere else.
        loses: ends of the grade_ids of the tests that must give nothing, by exercise (`EVERYTHING` for all of them).
        keeps: exercises that `EVERYTHING` does not mean.
        outcomes: where more is known: exercise -> how its lost tests must end.
        late: whether Canvas marks it late.
        damage: a function of `cvcourse.grading.demo_files` by name, which turns the notebook into the file.
        status: what the class table must say.
        first: an earlier attempt's answers, handed in before.
    """

    what: str
    answers: Mapping[str, str] = field(default_factory=dict)
    loses: Mapping[str, str] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    late: bool = False
    damage: str = ""
    status: str = "graded"
    first: Mapping[str, str] | None = None


_ALL = {EVERYTHING: EVERYTHING}
_NOT_ATTEMPTED, _BROKEN = Outcome.NOT_ATTEMPTED, Outcome.BROKEN

CASES = (
    Case("the solution"),
    # Early in the class, so that its time-outs run beside the others.
    Case(
        "an endless loop for strides of 5 and more",
        loses={SIZE: "random fit"},
        outcomes={SIZE: Outcome.TIMED_OUT},
        damage="endless_loop",
    ),
    Case(
        "kills its kernel where padding is circular",
        loses={PAD: "visible reflect_circular widths int64"},
        outcomes={PAD: Outcome.CRASHED},
        damage="killed_kernel",
    ),
    Case("right, written with loops", {SIZE: "right_counting", CORRELATE: "right_four_loops", PAD: "right_loops"}),
    Case("right, written with views", {SIZE: "right_range", CORRELATE: "right_as_strided", PAD: "right_index_select"}),
    Case("right, written with numpy", {CORRELATE: "right_numpy", PAD: "right_numpy_take"}),
    Case("rounds up", {SIZE: "wrong_ceil"}, {SIZE: "visible random"}),
    Case("forgets the padding when a kernel must fit", {SIZE: "wrong_fit_without_padding"}, {SIZE: "random fit"}),
    Case("flips the kernel", {CORRELATE: "wrong_flipped"}, {CORRELATE: EVERYTHING}),
    Case(
        "integers through floats, no check of negative paddings",
        {CORRELATE: "wrong_int_through_double", SIZE: "wrong_negative_padding_allowed"},
        {CORRELATE: "care", SIZE: "arguments"},
    ),
    Case("errors that name nothing", {CORRELATE: "wrong_no_name"}, {CORRELATE: "visible errors"}),
    Case("reflection repeats the border", {PAD: "wrong_symmetric"}, {PAD: "visible reflect_circular widths int64"}),
    Case("refuses a circular padding that is allowed", {PAD: "wrong_circular_equal_refused"}, {PAD: "widths"}),
    Case(
        "zeros in three exercises",
        {SIZE: "wrong_zeros", CORRELATE: "wrong_zeros", PAD: "wrong_zeros"},
        {SIZE: EVERYTHING, CORRELATE: EVERYTHING, PAD: EVERYTHING},
    ),
    Case("calls the library", {SIZE: "wrong_calls_reference"}, {SIZE: "visible random"}),
    Case("handed in as it was handed out", {EVERYTHING: BLANK}, _ALL, outcomes={EVERYTHING: _NOT_ATTEMPTED}),
    Case(
        "one exercise answered",
        {EVERYTHING: BLANK, SIZE: "right_formula"},
        _ALL,
        keeps=(SIZE,),
        outcomes={EVERYTHING: _NOT_ATTEMPTED},
    ),
    Case("right, a day and a half late", late=True),
    Case("rounds up, and late", {SIZE: "wrong_ceil"}, {SIZE: "visible random"}, late=True),
    Case("a file cut off in the middle", loses=_ALL, outcomes={EVERYTHING: _BROKEN}, damage="cut_off", status="broken"),
    Case(
        "cells deleted: tests and an answer",
        loses={PAD: EVERYTHING},
        outcomes={PAD: _BROKEN},
        damage="missing_cells",
    ),
    Case("right, but an editor dropped all metadata", damage="no_metadata"),
    Case("right, with warnings, a copied cell and exit()", damage="noisy"),
    Case("wrong at first, right in the second attempt", first={CORRELATE: "wrong_zeros"}),
)
