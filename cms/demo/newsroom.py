"""The demo newsroom's site, its writers and their articles."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone

from articles import publishing
from articles.desk import leads
from articles.desk.comments import comment
from articles.desk.leads import Wanted
from articles.desk.passages import passage_in
from articles.desk.templates import make_template
from articles.document_schema import KEYS, PAGE
from articles.documents import create_article
from articles.models import Article, Author, Category, Kind, SavedList, Series, Snippet, Tag
from cms.demo import content
from cms.demo.pieces import Piece
from core.models import SiteProfile, User

EDITOR = "editor@example.com"
DISCLAIMER = "disclaimer-{}"


def site_pieces() -> Iterator[Piece]:
    """What articles refer to."""
    newsroom = content.read("newsroom")
    yield "site profile", partial(_make_site, content.read("site"))
    for card in newsroom["cta_cards"]:
        yield f"card {card['slug']}", partial(_make_card, card)
    for position, category in enumerate(newsroom["categories"], 1):
        yield f"category {category['slug']}", partial(_make_category, category, position)
    for series in newsroom["series"]:
        words = {"name": series["name"], "description": series["description"]}
        yield f"series {series['slug']}", partial(Series.objects.get_or_create, slug=series["slug"], defaults=words)
    for tag in newsroom["tags"]:
        yield f"tag {tag['slug']}", partial(Tag.objects.get_or_create, slug=tag["slug"], defaults={"name": tag["name"]})
    accounts = {entry["author"]: entry["email"] for entry in newsroom["staff"] if "author" in entry}
    for author in newsroom["authors"]:
        yield f"author {author['slug']}", partial(_make_author, author, accounts.get(author["slug"]))


def _make_site(profile: dict[str, Any]) -> None:
    if not SiteProfile.objects.exists():
        SiteProfile.objects.create(**profile)


def _make_card(card: dict[str, Any]) -> None:
    words = {"heading": card["heading"], "html": f"<p>{card['body']}</p>", "label": card["label"], "url": card["url"]}
    Snippet.objects.get_or_create(slug=card["slug"], defaults={"kind": Snippet.Kind.CTA, **words})


def _make_category(category: dict[str, Any], position: int) -> None:
    disclaimer, _ = Snippet.objects.get_or_create(
        slug=DISCLAIMER.format(category["slug"]),
        defaults={"kind": Snippet.Kind.DISCLAIMER, "html": category["disclaimer_html"]},
    )
    words = {"name": category["name"], "description": category["description"]}
    Category.objects.get_or_create(
        slug=category["slug"], defaults={**words, "position": position, "disclaimer": disclaimer}
    )


def _make_author(author: dict[str, Any], email: str | None) -> None:
    if Author.objects.filter(slug=author["slug"]).exists():
        return
    Author.objects.create(
        slug=author["slug"],
        name=author["name"],
        role=author["role"],
        bio_html=f"<p>{author['bio']}</p>",
        portrait=content.stored_image(author["portrait"]),
        user=User.objects.filter(email=email, author=None).first() if email else None,
    )


def article_pieces() -> Iterator[Piece]:
    """All articles as drafts, so that they can refer to each other; then each in its state, the oldest first."""
    now, articles = timezone.now(), content.articles()
    for entry in articles:
        yield f"article {entry['slug']}", partial(_make_draft, entry)
    for entry in articles:
        yield f"article {entry['slug']} {entry['state']}", partial(_move_on, entry, now)
    for page in content.read("pages")["pages"]:
        yield f"page {page['slug']}", partial(_make_page, page)
    newsroom = content.read("newsroom")
    yield "lead", partial(_pin, newsroom["lead"], now)
    for template in newsroom["templates"]:
        yield f"template {template['name']}", partial(_make_template, **template)
    for row in newsroom["lists"]:
        yield f"list {row['name']}", partial(_save_list, row)


def _make_page(page: dict[str, Any]) -> None:
    if Article.objects.filter(kind=Kind.PAGE, slug=page["slug"]).exists():
        return
    editor = User.objects.filter(email=EDITOR).first()
    text = {"type": "richtext", "html": page["html"]}
    about = {key: page[key] for key in ("slug", "title", "standfirst")}
    publishing.publish(create_article({**about, "kind": PAGE, "blocks": [text]}, by=editor), by=editor)


def _make_draft(entry: dict[str, Any]) -> None:
    if Article.objects.filter(slug=entry["slug"], kind=Kind.ARTICLE).exists():
        return
    document = {key: value for key, value in entry.items() if key in KEYS}
    document["cover"] = _ours(entry["cover"])
    document["blocks"] = [_with_ours(block) for block in entry["blocks"]]
    create_article(document, by=_writer(entry), reason="First version")


def _move_on(entry: dict[str, Any], now: datetime) -> None:
    article = Article.objects.filter(slug=entry["slug"], kind=Kind.ARTICLE, state=Article.State.DRAFT).first()
    editor = User.objects.filter(email=EDITOR).first()
    if not article or entry["state"] == Article.State.DRAFT:
        return
    publishing.submit(article, by=_writer(entry))
    for remark in entry.get("remarks", []):
        words = {"exact": remark["passage"], "prefix": "", "suffix": ""} if "passage" in remark else None
        comment(article, by=User.objects.get(email=remark["by"]), text=remark["text"], passage=passage_in(words or {}))
    if entry["state"] == Article.State.PUBLISHED:
        publishing.publish(article, by=editor, at=content.days_before(now, entry["published_days_ago"]))
    elif entry["state"] == Article.State.SCHEDULED:
        publishing.schedule(article, by=editor, at=content.days_before(now, -entry["publish_in_days"]))


def _pin(lead: dict[str, Any], now: datetime) -> None:
    article = Article.objects.filter(slug=lead["slug"], kind=Kind.ARTICLE).first()
    if article and not leads.pins_of(None):
        wanted = [Wanted(article, content.days_before(now, -lead["days"]))]
        leads.arrange(None, wanted, seen=leads.state_of([]), by=User.objects.filter(email=EDITOR).first())


def _make_template(*, name: str, slug: str) -> None:
    if article := Article.objects.filter(slug=slug, kind=Kind.ARTICLE).first():
        make_template(article, name=name)


def _save_list(row: dict[str, Any]) -> None:
    if editor := User.objects.filter(email=EDITOR).first():
        SavedList.objects.create(owner=editor, is_shared=True, **row)


def _writer(entry: dict[str, Any]) -> User | None:
    """The account of the first author who has one."""
    accounts = {user.author.slug: user for user in User.objects.filter(author__slug__in=entry["authors"])}
    return next((accounts[slug] for slug in entry["authors"] if slug in accounts), None)


def _with_ours(block: dict[str, Any]) -> dict[str, Any]:
    """A block with its images stored."""
    if block["type"] == "image":
        return _ours(block)
    if block["type"] == "gallery":
        return block | {"images": [_ours(image) for image in block["images"]]}
    return block


def _ours(image: dict[str, Any]) -> dict[str, Any]:
    return image | {"src": content.stored_image(image).file}
