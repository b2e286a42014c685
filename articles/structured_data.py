"""Structured data for search engines: JSON-LD in the vocabulary of schema.org."""

import json
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from articles.contexts import ArticleContext, AuthorContext, ShownCorrection
from core.lib.html import text_of
from core.models import SiteProfile

# As in django.utils.html.json_script: what would end the script element is escaped.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def script_text(value: Any) -> SafeString:
    """JSON that can stand inside a script element."""
    return mark_safe(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).translate(ESCAPES))


def absolute(url: str) -> str:
    return settings.SITE_URL + url if url.startswith("/") else url


def organization(site: SiteProfile) -> dict[str, Any]:
    """The publisher."""
    data: dict[str, Any] = {"@type": "Organization", "@id": f"{settings.SITE_URL}/#organization", "name": site.name}
    data["url"] = f"{settings.SITE_URL}/"
    data["logo"] = absolute(static("img/favicon.svg"))
    if site.tagline:
        data["description"] = site.tagline
    if site.contact_email:
        data["email"] = site.contact_email
    if same := [link["url"] for link in site.social_links]:
        data["sameAs"] = same
    return data


def person(author: AuthorContext) -> dict[str, Any]:
    """An author."""
    data: dict[str, Any] = {"@type": "Person", "name": author["name"], "url": absolute(author["url"])}
    if author["role"]:
        data["jobTitle"] = author["role"]
    if author["bio"]:
        data["description"] = author["bio"]
    if author["picture"]:
        data["image"] = absolute(author["picture"]["src"])
    if same := [link["url"] for link in author["links"]]:
        data["sameAs"] = same
    return data


def breadcrumbs(*steps: tuple[str, str]) -> dict[str, Any]:
    """The way to a page: (name, address) pairs from the front page down."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": absolute(url)}
            for position, (name, url) in enumerate(steps, 1)
        ],
    }


def website(site: SiteProfile) -> dict[str, Any]:
    """The site itself."""
    home = f"{settings.SITE_URL}/"
    data: dict[str, Any] = {
        "@type": "WebSite",
        "@id": f"{home}#website",
        "url": home,
        "name": site.name,
        "inLanguage": settings.LANGUAGE_CODE,
        "publisher": {"@id": f"{home}#organization"},
    }
    return data | ({"description": site.tagline} if site.tagline else {})


def site_data(site: SiteProfile) -> SafeString:
    """The structured data of the front page: the site and its publisher."""
    return _graph(website(site), organization(site))


def list_data(name: str, url: str, site: SiteProfile, *, author: AuthorContext | None = None) -> SafeString:
    """The structured data of a list of articles: its breadcrumbs and, on an author's page, the author."""
    steps = [(site.name, reverse("home")), ("Articles", reverse("articles:articles"))]
    trail = breadcrumbs(*steps, *([] if url == steps[-1][1] else [(name, url)]))
    if not author:
        return _graph(trail)
    who = person(author) | {"@id": f"{absolute(url)}#person"}
    return _graph({"@type": "ProfilePage", "@id": absolute(url), "url": absolute(url), "mainEntity": who}, trail)


def _graph(*nodes: dict[str, Any]) -> SafeString:
    return script_text({"@context": "https://schema.org", "@graph": list(nodes)})


def article_data(shown: ArticleContext, site: SiteProfile) -> SafeString:
    """The structured data of an article's page."""
    url = absolute(shown["url"])
    article: dict[str, Any] = {
        "@type": "WebPage" if shown["is_page"] else "Article",
        "@id": f"{url}#{'page' if shown['is_page'] else 'article'}",
        "headline": shown["title"][:110],
        "inLanguage": shown["language"] or settings.LANGUAGE_CODE,
        "mainEntityOfPage": url,
        "datePublished": shown["published_at"].isoformat(),
        "dateModified": shown["updated_at"].isoformat(),
        "author": [person(author) for author in shown["authors"]] or [organization(site)],
        "publisher": organization(site),
        "wordCount": shown["words"],
        "isAccessibleForFree": True,
    }
    if description := shown["seo_description"] or shown["standfirst"]:
        article["description"] = description
    if image := shown["social_image"]:
        article["image"] = [image]
    if shown["paid"] and shown["paid"]["named"]:
        article["sponsor"] = [{"@type": "Organization", "name": each["sponsor"]} for each in shown["paid"]["named"]]
    if shown["corrections"]:
        article["correction"] = [_correction(each) for each in shown["corrections"]]
    steps = [(site.name, reverse("home"))]
    if not shown["is_page"]:
        steps.append(("Articles", reverse("articles:articles")))
    if category := shown["category"]:
        article["articleSection"] = category["name"]
        steps.append((category["name"], category["url"]))
    if series := shown["series"]:
        article["isPartOf"] = {"@type": "CreativeWorkSeries", "name": series["name"], "url": absolute(series["url"])}
    if shown["tags"]:
        article["keywords"] = [tag["name"] for tag in shown["tags"]]
    graph = [article, breadcrumbs(*steps, (shown["title"], shown["url"]))]
    if shown["faq"]:
        graph.append(
            {"@type": "FAQPage", "@id": f"{url}#faq", "mainEntity": [_question(entry) for entry in shown["faq"]]}
        )
    return _graph(*graph)


def _correction(shown: ShownCorrection) -> dict[str, Any]:
    return {"@type": "CorrectionComment", "text": shown["text"], "datePublished": shown["date"].isoformat()}


def _question(entry: dict[str, str]) -> dict[str, Any]:
    answer = {"@type": "Answer", "text": text_of(entry["answer"])}
    return {"@type": "Question", "name": entry["question"], "acceptedAnswer": answer}
