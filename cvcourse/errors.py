"""The errors that the package raises itself: each message says what is wrong and what to do about it."""


class CourseError(Exception):
    """Something the reader can mend. The command line prints it in one line and exits with code 2."""


class DataError(CourseError):
    """A data set is missing, incomplete or not what its checksum promises."""


class BuildError(CourseError):
    """A source notebook cannot be turned into the course's notebooks."""


class ClassError(CourseError):
    """A class folder, roster, export or gradebook cannot be used as it is."""


class TrainingError(CourseError):
    """A training run cannot go on, for instance because its loss is no longer a number."""
