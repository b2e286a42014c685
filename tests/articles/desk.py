"""What tests of the desk share: its addresses, and what a browser sends there."""

from django.urls import reverse

from articles.blocks import KINDS
from articles.documents import apply_document, document_of
from tests.articles import factories


def url(name, *args):
    return reverse(f"admin:articles_article_{name}", args=args)


def posted(document, version=0, **more):
    """What a browser sends for a document, with the blocks in any order it likes."""
    data = {
        "title": document["title"], "slug": document.get("slug", ""), "standfirst": document.get("standfirst", ""),
        "category": document.get("category") or "", "authors": document.get("authors", []),
        "tags": document.get("tags", []), "cta": document.get("cta") or "", "version": version, "reason": "",
    }  # fmt: skip
    totals = dict.fromkeys(KINDS, 0)
    for place, part in enumerate(document.get("blocks", []), 1):
        kind = part["type"]
        prefix = f"block-{kind}-{totals[kind]}"
        totals[kind] += 1
        data |= {f"{prefix}-region": "main", f"{prefix}-ordering": 10 * place}
        for name, value in part.items():
            if name == "images":
                data[f"{prefix}-images-count"] = len(value)
                data |= {
                    f"{prefix}-images-{n}-{key}": text for n, entry in enumerate(value) for key, text in entry.items()
                }
            elif name != "type" and value is not False:
                data[f"{prefix}-{name}"] = ", ".join(map(str, value)) if name == "focal" else value
    for kind, total in totals.items():
        data |= {f"block-{kind}-TOTAL_FORMS": total, f"block-{kind}-INITIAL_FORMS": 0}
    return data | more


def change(article, **parts):
    apply_document(article, {**document_of(article), **parts})


def everything():
    """One block of each kind."""
    source = factories.image().file
    factories.card("subscribe")
    return [
        {"type": "faq", "question": "Why?", "answer": "<p>Because.</p>"},
        {"type": "richtext", "html": "<h2>Heading</h2><p>Words</p>"},
        {"type": "image", "src": source, "alt": "A picture", "focal": [0.2, 0.3]},
        {"type": "gallery", "images": [{"src": source, "alt": "One", "caption": "First"}]},
        {"type": "cta", "snippet": "subscribe"},
        {"type": "callout", "tone": "warning", "html": "<p>Careful.</p>"},
        {"type": "pullquote", "text": "Well said", "attribution": "Someone"},
        {"type": "table", "caption": "Fees", "csv": "a,b\n1,2", "header": True},
        {"type": "chart", "kind": "line", "title": "Chart", "csv": "a,b\nx,2", "unit": "%"},
        {"type": "embed", "url": "https://youtu.be/dQw4w9WgXcQ"},
        {"type": "code", "language": "python", "code": "print(1)"},
        {"type": "award_results", "season": "s", "category": "c"},
        {"type": "survey", "survey": "s"},
        {"type": "signup", "newsletter": "briefing"},
        {"type": "sponsor_slot"},
        {"type": "related", "article": "other"},
        {"type": "richtext", "html": "<p>The end</p>"},
    ]
