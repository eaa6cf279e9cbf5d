"""Programs outside Python that some tests need: skip with a reason, or fail where CVCOURSE_REQUIRE asks for them."""

import os
import shutil

import pytest

PROGRAMS = {
    "browser": (("chromium", "chromium-browser", "google-chrome"), "install Chromium (Debian: apt install chromium)"),
    "sandbox": (("bwrap",), "install bubblewrap (Debian: apt install bubblewrap)"),
}


def require(what: str) -> str:
    """The path of the program behind `what` ("browser" or "sandbox").

    Where it is missing the test is skipped; if CVCOURSE_REQUIRE (comma separated) names `what`, it fails instead.
    """
    names, advice = PROGRAMS[what]
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    message = f"no {what} here: {advice}"
    if what in os.environ.get("CVCOURSE_REQUIRE", "").split(","):
        pytest.fail(message)
    pytest.skip(message)
