"""What a student can put into a notebook to act on the page that shows it, for the tests with a browser.

Each attack says its name: by JavaScript into the list `fired` of the page, or by a request for `URL/NAME` to a server
that counts.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nbformat import NotebookNode
from nbformat.v4 import new_output

SHOW = "show_attacks()"  # the source of the cell that gets the outputs
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
START = "window.fired = window.fired || [];"
# Follows every link that runs JavaScript, as a reader who clicks would.
CLICK = "() => document.querySelectorAll('a').forEach(a => { if (a.protocol == 'javascript:') a.click() })"

# NAME and URL are put in; JS stands for code that fires NAME.
MARKDOWN = {
    "script": "<script>JS</script>",
    "dialog": "<script>JS; alert(1)</script>",
    "title": "<script>JS; document.title = 'owned'</script>",
    "onerror": '<img src="x:" onerror="JS">',
    "unquoted": "<img src=x: onerror=JS>",
    "unclosed": '<img src="x:" onerror="JS" <b>',
    "slashes": '<img/src="x:"/onerror="JS">',
    "in-block": '<div>\n<img src="x:"\nonerror="JS">\n</div>',
    "after-comment": '<!--><img src="x:" onerror="JS">-->',
    "in-attribute": '<textarea><b title="</textarea><img src=x: onerror=JS>"></b>',
    "svg-onload": '<svg onload="JS"></svg>',
    "animate": '<svg><animate onbegin="JS" attributeName="x" dur="1s"/></svg>',
    "toggle": '<details open ontoggle="JS">x</details>',
    "marquee": '<marquee onstart="JS">x</marquee>',
    "focus": '<input autofocus onfocus="JS">',
    "body": '<body onpageshow="JS">',
    "srcdoc": '<iframe srcdoc="<script>JS</script>"></iframe>',
    "frame": '<iframe src="javascript:JS"></iframe>',
    "diagram": '```mermaid\n<img src="x:" onerror="JS">\n```',
    "link": "[x](javascript:JS)",
    "spelled-link": "[x](java&#115;cript&colon;JS)",
    "named-link": "[x][NAME]\n\n[NAME]: javascript:JS",
    "address": "<javascript:JS>",
    "html-link": '<a href="javascript:JS">x</a>',
    "image": "![x](URL/NAME)",
    "named-image": "![x][NAME]\n\n[NAME]: URL/NAME",
    "img": '<img src="URL/NAME">',
    "srcset": '<img srcset="URL/NAME 1x">',
    "picture": '<picture><source srcset="URL/NAME"><img></picture>',
    "video": '<video src="URL/NAME" poster="URL/NAME"></video>',
    "object": '<object data="URL/NAME"></object>',
    "embed": '<embed src="URL/NAME">',
    "remote-frame": '<iframe src="URL/NAME"></iframe>',
    "stylesheet": '<link rel="stylesheet" href="URL/NAME">',
    "import": '<style>@import url("URL/NAME");</style>',
    "style": '<div style="background: url(URL/NAME)">x</div>',
    "background": '<table background="URL/NAME"><tr><td>x</td></tr></table>',
    "image-button": '<input type="image" src="URL/NAME">',
    "svg-image": '<svg><image href="URL/NAME"/></svg>',
    "refresh": '<meta http-equiv="refresh" content="0; url=URL/NAME">',
}
OUTPUTS = {
    "output-script": {"text/html": "<script>JS</script>"},
    "output-onerror": {"text/html": '<img src="x:" onerror="JS">'},
    "output-image": {"text/html": '<img src="URL/NAME">'},
    "output-style": {"text/html": "<style>@import url(URL/NAME);</style>"},
    "output-markdown": {"text/markdown": '<img src="x:" onerror="JS">'},
    "output-diagram": {"text/markdown": '```mermaid\n<img src="x:" onerror="JS">\n```'},
    "output-javascript": {"application/javascript": "JS"},
    "output-svg": {"image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" onload="JS"/>'},
    "output-latex": {"text/latex": '<img src="x:" onerror="JS">$\\href{javascript:JS}{x}$'},
    "output-text": {"text/plain": '<img src="x:" onerror="JS">'},
    "output-width": {"image/png": PIXEL},
    "output-file": {"image/png": PIXEL},
    "output-isolated": {"text/html": '<img src="URL/NAME">'},
}
METADATA = {
    "output-width": {"image/png": {"width": "1 onload=JS"}},
    "output-file": {"filenames": {"image/png": "URL/NAME"}},
    "output-isolated": {"text/html": {"isolated": True}},
}


def _filled(value: object, name: str, url: str) -> object:
    if isinstance(value, dict):
        return {key: _filled(one, name, url) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    # no quotation mark and no space, so that it fits everywhere
    script = f"top.fired.push(/{name}/.source)"
    return value.replace("JS", script).replace("NAME", name).replace("URL", url)


def markdown_attacks(url: str) -> list[str]:
    """Sources of Markdown cells."""
    return [_filled(text, name, url) for name, text in MARKDOWN.items()]


def output_attacks(url: str) -> list[NotebookNode]:
    """Outputs of a code cell."""
    shown = [
        new_output("display_data", data=_filled(data, name, url), metadata=_filled(METADATA.get(name, {}), name, url))
        for name, data in OUTPUTS.items()
    ]
    text = _filled('<img src="x:" onerror="JS">', "output-stream", url)
    return [
        *shown,
        new_output("stream", text=f"\x1b[31m{text}\x1b]8;;{url}/output-ansi\x07"),
        new_output("error", ename=text, evalue=text, traceback=[text]),
    ]


class CountingServer:
    """Answers every request with nothing (204: a page that asks for it stays) and remembers the paths as `hits`."""

    def __init__(self) -> None:
        self.hits: set[str] = set()

    def __enter__(self) -> "CountingServer":
        hits = self.hits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.add(self.path.lstrip("/"))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing on stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
