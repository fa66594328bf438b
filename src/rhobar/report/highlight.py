"""Python code with its comments, strings and keywords set apart; two quiet colours, no dependency."""

import keyword
import re

from markupsafe import Markup, escape

from rhobar.report.wording import clean

__all__ = ["highlight"]

_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<string>[rbfRBF]{0,2}(?:'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"))"
    r"|(?P<word>[^\W\d]\w*)"
)


def highlight(code: str) -> Markup:
    """Escape code and mark its tokens with the classes ``comment``, ``string`` and ``keyword``.

    Example:
        >>> print(highlight("x = None  # <b>"))
        x = <span class="keyword">None</span>  <span class="comment"># &lt;b&gt;</span>
    """
    code = clean(code, lines=True)
    parts: list[Markup] = []
    position = 0
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup
        if kind == "word":
            if not keyword.iskeyword(match.group()):
                continue
            kind = "keyword"
        parts.append(escape(code[position : match.start()]))
        parts.append(Markup('<span class="{}">{}</span>').format(kind, match.group()))
        position = match.end()
    return Markup("").join([*parts, escape(code[position:])])
