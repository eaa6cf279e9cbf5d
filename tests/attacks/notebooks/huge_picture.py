"""Show a picture that is too large.

tries: 60 MB of picture, and markup that loads something from a server
gains: a feedback page that no browser opens, and to know who opens it
must: what is too large is left out, and nothing is loaded
"""

CELL = r"""
import base64
from IPython.display import HTML, Image, display

display(Image(data=b"\x89PNG\r\n\x1a\n" + b"0" * 60_000_000, format="png"))
display(HTML("<img src='http://127.0.0.1:@port@/'><script>fetch('http://127.0.0.1:@port@/')</script>"))
"""
