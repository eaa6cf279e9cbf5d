"""nbgrader's formgrader as `cvcourse formgrader` serves it: in an anonymous class with numbers in place of names.

A Jupyter server extension in place of nbgrader's own. Each of nbgrader's handlers is kept; around it, ids of students
become pseudonyms in what goes out, and pseudonyms become ids in what comes in, so that manual points and comments reach
the right student.
"""

import inspect
import json
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from nbgrader.server_extensions.formgrader.base import BaseApiHandler, BaseHandler
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from tornado import web
from traitlets.config import Config

from cvcourse.grading.anonymous import Pseudonyms, is_anonymous
from cvcourse.grading.page_process import CPU_SECONDS, PageError, make_page

EXTENSION = __name__
REFUSED = "Names are hidden in this class, and this step would show them: run `cvcourse grade --names` first."
_PAGE = "cvcourse.grading.measured_html:MeasuredHTML"
_LIVE_LINK = "Open live notebook"
_NO_LINK = "Names are hidden: the notebook lies in a folder that has the student's"
_TELLS_NAMES = (
    apihandlers.AutogradeHandler,
    apihandlers.CollectHandler,
    apihandlers.GenerateAllFeedbackHandler,
    apihandlers.GenerateFeedbackHandler,
    apihandlers.ReleaseAllFeedbackHandler,
    apihandlers.ReleaseFeedbackHandler,
)


class _Submissions:
    """nbgrader's page of one submission, made in a process of its own so that no submission keeps formgrader busy."""

    def __init__(self, config: Config) -> None:
        plain = Config(MeasuredHTML={"plain": True})
        self._tries = ((config, CPU_SECONDS / 2), ({**config, **plain}, CPU_SECONDS))

    def from_filename(self, filename: str, resources: dict) -> tuple[str, dict]:
        """The page; without colours and formatting where that takes too long."""
        for config, seconds in self._tries:
            try:
                return make_page(_PAGE, config, filename, resources, seconds=seconds), resources
            except PageError as error:
                why = str(error)
        raise web.HTTPError(500, "the page of %s cannot be made: %s", filename, why)


class _Exporter:
    """Shows a submission without the name of who wrote it."""

    def __init__(self, exporter: Any, hidden: "_Hidden") -> None:
        self._exporter, self._hidden = exporter, hidden

    def from_filename(self, filename: str, resources: dict) -> tuple[str, dict]:
        page, resources = self._exporter.from_filename(filename, resources=self._hidden.resources(resources))
        return _without_link(page), resources


def _without_link(page: str) -> str:
    """The page without nbgrader's link to the notebook's file, whose path has the student's id."""
    return page.replace('data-link=""', "").replace(_LIVE_LINK, _NO_LINK)


class _Hidden:
    """Puts pseudonyms in place of what tells who a student is."""

    def __init__(self, names: Pseudonyms) -> None:
        self.names = names

    def person(self, student: str) -> dict[str, str | None]:
        """What stands in place of the name and the address."""
        return {"last_name": "Student", "first_name": f"{self.names.number(student):03}"}

    def resources(self, resources: dict) -> dict:
        """What nbgrader's page of one submission is made from."""
        student = resources["student"]
        hidden = {**resources, "student": self.names.of(student), **self.person(student), "notebook_path": ""}
        return hidden | ({"filename": self.names.of(student)} if "filename" in hidden else {})

    def data(self, data: Any) -> Any:
        """An answer of formgrader's interface."""
        if isinstance(data, list):
            return sorted(map(self.data, data), key=_place)
        if not isinstance(data, dict):
            return data
        key = "student" if "student" in data else "id" if "last_name" in data else None
        if key is None or not isinstance(data[key], str):
            return data
        hidden = {**data, key: self.names.of(data[key])}
        hidden |= {name: value for name, value in self.person(data[key]).items() if name in data}
        return hidden | {name: None for name in ("email", "lms_user_id") if name in data}


def _place(entry: Any) -> tuple:
    """The order of a list: by pseudonym where it is one of students, for nbgrader's own order is the roster's."""
    if not isinstance(entry, dict) or entry.get("index") is not None:
        return ("",)
    return (entry.get("student") or (entry.get("id") if "last_name" in entry else "") or "",)


class _Anonymous(BaseHandler):
    """What every handler does besides, where the class is anonymous."""

    @property
    def hidden(self) -> _Hidden | None:
        """What hides the names; None where they are shown."""
        class_dir = Path(self.coursedir.submitted_directory).parent
        return _Hidden(Pseudonyms(class_dir)) if is_anonymous(class_dir) else None

    async def prepare(self) -> None:
        done = super().prepare()
        if inspect.isawaitable(done):
            await done
        hidden = None if self._finished else self.hidden
        if hidden is None:
            return
        if isinstance(self, _TELLS_NAMES):
            self.finish(json.dumps({"success": False, "log": REFUSED, "error": ""}))
        elif isinstance(self, apihandlers.StudentHandler) and self.request.method == "PUT":
            self.set_status(403)
            self.finish(json.dumps({"error": REFUSED}))
        elif (place := self._place_of_student()) is not None:
            student = hidden.names.student(self.path_args[place])
            if student is None:
                raise web.HTTPError(404)
            self.path_args[place] = student

    def _place_of_student(self) -> int | None:
        """Which part of the address names a student."""
        names = list(inspect.signature(getattr(self, self.request.method.lower())).parameters)
        return names.index("student_id") if "student_id" in names else None

    @property
    def exporter(self) -> Any:
        hidden = self.hidden
        return _Exporter(super().exporter, hidden) if hidden else super().exporter

    def render(self, name: str, **values: Any) -> str:
        hidden = self.hidden
        if hidden is None:
            return super().render(name, **values)
        if "student_id" in values:
            values["student_id"] = hidden.names.of(values["student_id"])
        if "student" in values.get("resources", {}):
            values["resources"] = hidden.resources(values["resources"])
        return _without_link(super().render(name, **values))

    def write(self, chunk: Any) -> None:
        hidden = self.hidden if isinstance(self, BaseApiHandler) and isinstance(chunk, str) else None
        super().write(json.dumps(hidden.data(json.loads(chunk))) if hidden else chunk)

    def write_error(self, status_code: int, **details: Any) -> None:
        """The number and its meaning only: a message can have a path with a student's id."""
        if self.hidden is None:
            super().write_error(status_code, **details)
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"{status_code}: {self._reason}\n")


def _anonymous(rule: tuple) -> tuple:
    """One of nbgrader's rules, its handler extended."""
    pattern, handler, *rest = rule
    if issubclass(handler, BaseHandler):
        handler = type(handler.__name__, (_Anonymous, handler), {})
    return (pattern, handler, *rest)


class Formgrader(FormgradeExtension):
    """nbgrader's extension with handlers that can hide names."""

    def init_tornado_settings(self, webapp: web.Application) -> None:
        super().init_tornado_settings(webapp)
        webapp.settings["nbgrader_exporter"] = _Submissions(self.config)

    def init_handlers(self, webapp: web.Application) -> None:
        own = [*handlers.default_handlers, *apihandlers.default_handlers]
        rules = [
            *map(_anonymous, own),
            (r"/formgrader/static/(.*)", web.StaticFileHandler, {"path": handlers.static_path}),
            (r"/formgrader/.*", handlers.Template404),
        ]
        base = webapp.settings["base_url"]
        webapp.add_handlers(".*$", [(url_path_join(base, one[0].lstrip("/")), *one[1:]) for one in rules])


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": EXTENSION}]


def _load_jupyter_server_extension(server: Any) -> None:
    """What Jupyter calls: the same steps as nbgrader's own extension."""
    formgrader = Formgrader(parent=server)
    formgrader.root_dir = server.root_dir
    formgrader.log = server.log
    formgrader.initialize([])
    formgrader.init_tornado_settings(server.web_app)
    formgrader.init_handlers(server.web_app)
