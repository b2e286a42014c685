"""Categories, tags and authors of an export: found here by slug or name, else made."""

from typing import ClassVar

from django.urls import reverse

from articles.importing.load.images import Pictures
from articles.importing.load.report import Report
from articles.importing.posts import Export, Person, Post, Term
from articles.models import Author, Category, ImageAsset, Snippet, Tag
from core.lib.html import clean
from core.lib.text import one_line

SLUG = 80
_PAGES = {
    "categories": "articles:category-articles",
    "tags": "articles:tag-articles",
    "authors": "articles:author-articles",
}


class Filing:
    """Knows which rows stand for the terms and people of an export. Rows it makes count once `commit` is called."""

    MODELS: ClassVar[dict[str, type[Category] | type[Tag] | type[Author]]] = {
        "categories": Category,
        "tags": Tag,
        "authors": Author,
    }

    def __init__(self, report: Report, pictures: Pictures) -> None:
        self.report = report
        self.pictures = pictures
        self._slugs: dict[str, dict[str, str]] = {}
        self._there: dict[str, set[str]] = {}
        self._made: list[tuple[str, str, str]] = []
        self._being_made: set[tuple[str, str]] = set()
        self._used: set[tuple[str, str]] = set()
        self._disclaimed: set[str] = set()
        for kind, model in self.MODELS.items():
            rows = list(model.objects.values_list("slug", "name"))
            self._slugs[kind] = {name.casefold(): slug for slug, name in rows} | {slug: slug for slug, _ in rows}
            self._there[kind] = {slug for slug, _ in rows}
        self._disclaimed.update(Category.objects.filter(disclaimer__isnull=False).values_list("slug", flat=True))

    def slug(self, kind: str, item: Term | Person) -> str:
        """The slug under which a term or person is filed here."""
        known = self._slugs[kind]
        slug = known.get(item.slug) or known.get(item.name.casefold()) or item.slug[:SLUG].rstrip("-")
        known[item.slug] = known[item.name.casefold()] = slug
        return slug

    def address(self, kind: str, item: Term | Person) -> str:
        """The page of a term or person here; empty where this import did not file it."""
        slug = self.slug(kind, item)
        return reverse(_PAGES[kind], args=[slug]) if (kind, slug) in self._used else ""

    def has_disclaimer(self, category: Term) -> bool:
        return self.slug("categories", category) in self._disclaimed

    def file_all(self, export: Export) -> None:
        """Make what the export describes by itself, whether a post names it or not."""
        for source in export.images:
            self.pictures.stored_path(source, self.pictures.gather([source]))
        for row in export.snippets:
            self._file_snippet(row)
        for kind, items in (("categories", export.categories), ("tags", export.tags), ("authors", export.people)):
            for item in items:
                self._file(kind, item)

    def file(self, post: Post) -> None:
        """Make what one post names and is not here yet."""
        if post.category:
            self._file("categories", post.category)
        for tag in post.tags:
            self._file("tags", tag)
        for author in post.authors:
            self._file("authors", author)

    def commit(self) -> None:
        """Keep what was made since the last post (or, in a dry run, count what would be kept)."""
        for kind, slug, name in self._made:
            if not self.pictures.dry_run:
                self._there.setdefault(kind, set()).add(slug)
            self.report.made_new(kind, name)
        self.rollback()

    def rollback(self) -> None:
        """Drop what was made since: its transaction was undone."""
        self._made.clear()
        self._being_made.clear()

    def _file(self, kind: str, item: Term | Person) -> None:
        slug = self.slug(kind, item)
        self._used.add((kind, slug))
        if slug in self._there[kind] or (kind, slug) in self._being_made:
            return
        name = one_line(item.name) or slug
        if isinstance(item, Person):
            Author.objects.create(
                slug=slug,
                name=name[:120],
                role=item.role[:120],
                bio_html=clean(item.bio),
                links=_links(item),
                portrait=self._portrait(item),
            )
        elif kind == "categories":
            disclaimer = Snippet.objects.filter(slug=item.disclaimer, kind=Snippet.Kind.DISCLAIMER).first()
            description = one_line(item.description)
            Category.objects.create(
                slug=slug, name=name[:80], description=description, position=item.position, disclaimer=disclaimer
            )
        else:
            Tag.objects.create(slug=slug, name=name[:80])
        self._made.append((kind, slug, name))
        self._being_made.add((kind, slug))

    def _file_snippet(self, row: dict[str, str]) -> None:
        """A call-to-action card or disclaimer of our own export. Raises ValidationError for a wrong one."""
        slug = row["slug"]
        if Snippet.objects.filter(slug=slug).exists():
            return
        values = {key: str(row.get(key) or "") for key in ("kind", "heading", "html", "label", "url")}
        snippet = Snippet(slug=slug, **values)
        snippet.full_clean()
        snippet.save()
        self._made.append(("snippets", slug, values["heading"] or slug))

    def _portrait(self, person: Person) -> ImageAsset | None:
        if not person.picture or self.pictures.dry_run:
            return None
        contents = self.pictures.gather([person.picture])
        path = self.pictures.stored_path(person.picture, contents, alt=person.picture_alt)
        return ImageAsset.objects.filter(file=path).first() if path else None


def _links(person: Person) -> list[dict[str, str]]:
    return [{"label": label[:80], "url": url} for label, url in person.links if url.startswith(("https://", "http://"))]
