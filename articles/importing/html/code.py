"""Code: the blocks of other systems and their highlighters, with the language that any of them names."""

import re
from html import escape

from lxml.html import HtmlElement

from articles.importing.html.fragments import Fragment

_LANGUAGE = re.compile(
    r"(?:^|\s)(?:lang(?:uage)?[-:]\s*|brush:\s*|highlight-source-|highlight-|sourceCode\s+)([\w+#.-]+)", re.IGNORECASE
)
_NAMED = ("data-language", "data-lang", "data-enlighter-language", "data-code-lang", "lang")
# Names that stand as a class of their own.
LANGUAGES = {
    "apache", "applescript", "arduino", "asm", "awk", "bash", "bat", "c", "c++", "clojure", "cmake", "coffeescript", "console", "cpp", "cs",
    "csharp", "css", "csv", "dart", "diff", "docker", "dockerfile", "elixir", "elm", "erlang", "fsharp", "go", "golang", "graphql", "groovy",
    "haskell", "hcl", "html", "http", "ini", "java", "javascript", "js", "json", "jsx", "julia", "kotlin", "latex", "less", "lisp", "lua", "make",
    "makefile", "markdown", "matlab", "md", "nginx", "nix", "objc", "objectivec", "ocaml", "perl", "php", "plaintext", "powershell", "prolog",
    "properties", "protobuf", "ps1", "puppet", "py", "python", "r", "rb", "ruby", "rust", "sass", "scala", "scheme", "scss", "sh", "shell",
    "solidity", "sql", "svelte", "swift", "tcl", "terraform", "tex", "text", "toml", "ts", "tsx", "typescript", "vb", "vbnet", "vim", "vue", "xml",
    "yaml", "yml", "zig",
}  # fmt: skip
_INLINE = frozenset(["a", "em", "strong", "b", "i", "code", "span", "img"])


def code_fragment(pre: HtmlElement) -> Fragment:
    """A `pre` as a code block, in the language that its classes or attributes name."""
    language = _language_of(pre)
    for line_break in list(pre.iter("br")):
        line_break.tail = "\n" + (line_break.tail or "")
        line_break.drop_tag()
    code = pre.text_content().strip("\n").rstrip()
    known = f' data-language="{language}"' if language else ""
    return Fragment(
        f"<pre{known}><code>{escape(code, quote=False)}</code></pre>",
        block={"type": "code", "language": language, "code": code},
    )


def _language_of(pre: HtmlElement) -> str:
    elements = [pre, *pre.iterdescendants("code")]
    named = next((value for element in elements for name in _NAMED if (value := (element.get(name) or "").strip())), "")
    if not named:
        classes = [element.get("class") or "" for element in elements]
        match = next(filter(None, map(_LANGUAGE.search, classes)), None)
        plain = (word for text in classes for word in text.lower().split() if word in LANGUAGES)
        named = match[1] if match else next(plain, "")
    found = re.match(r"[\w+#.-]*", named.lower())
    return (found[0] if found else "")[:30]


def open_code(root: HtmlElement) -> None:
    """Make a block of `code` that runs over several lines and stands alone, and unwrap the tables that number lines."""
    for table in [found for found in root.iter("table") if _is_numbered(found)]:
        holder = next(iter(reversed(list(table.iter("pre")))), None)
        if holder is not None:
            holder.tail, table.tail = table.tail, None
            table.getparent().replace(table, holder)
    for code in [found for found in root.iter("code") if next(found.iterancestors("pre"), None) is None]:
        text = "\n".join(code.itertext()).strip() if code.find(".//br") is not None else code.text_content().strip()
        if "\n" in text and _stands_alone(code):
            code.tag = "pre"
            parent = code.getparent()
            if parent.tag == "p":
                parent.drop_tag()


def _is_numbered(table: HtmlElement) -> bool:
    """Whether a table only sets the numbers of lines beside code, as Rouge, Pygments and Chroma do."""
    cells = list(table.iter("td"))
    return (
        len(cells) == 2
        and all(next(cell.iter("pre"), None) is not None for cell in cells)
        and bool(re.fullmatch(r"[\d\s]*", cells[0].text_content()))
    )


def _stands_alone(code: HtmlElement) -> bool:
    before = code.getprevious()
    text = (code.getparent().text if before is None else before.tail) or ""
    after = code.tail or ""
    lonely = not text.strip() and not after.strip()
    return (
        lonely
        and (before is None or before.tag not in _INLINE)
        and (code.getnext() is None or code.getnext().tag not in _INLINE)
    )


def with_language(html: str, language: str) -> str:
    """HTML in which the first `pre` names its language."""
    return re.sub(r"<pre\b", f'<pre data-language="{escape(language)}"', html, count=1)


def code_html(code: str, language: str = "") -> str:
    named = f' class="language-{language}"' if language else ""
    return f"<pre><code{named}>{escape(code, quote=False)}</code></pre>"
