"""The categories, series, tags and authors of an export, matched by slug or name with those here, or created."""

from typing import ClassVar

from django.urls import reverse

from articles.importing.load.images import ImageStore
from articles.importing.load.report import Report
from articles.importing.posts import Export, Person, Post, Term
from articles.models import Author, Category, ImageAsset, Series, Snippet, Tag
from core.lib.html import clean
from core.lib.text import one_line

SLUG = 80
_PAGES = {
    "categories": "articles:category-articles",
    "series": "articles:series-articles",
    "tags": "articles:tag-articles",
    "authors": "articles:author-articles",
}


class Taxonomy:
    """Maps the terms and people of an export to rows here. The rows it creates count once `commit` is called."""

    MODELS: ClassVar[dict[str, type[Category | Series | Tag | Author]]] = {
        "categories": Category,
        "series": Series,
        "tags": Tag,
        "authors": Author,
    }

    def __init__(self, report: Report, images: ImageStore) -> None:
        self.report = report
        self.images = images
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
        """The slug that a term or person has here."""
        known = self._slugs[kind]
        slug = known.get(item.slug) or known.get(item.name.casefold()) or item.slug[:SLUG].rstrip("-")
        known[item.slug] = known[item.name.casefold()] = slug
        return slug

    def address(self, kind: str, item: Term | Person) -> str:
        """The address of a term's or person's page here; empty if no post of this import has it."""
        slug = self.slug(kind, item)
        return reverse(_PAGES[kind], args=[slug]) if (kind, slug) in self._used else ""

    def has_disclaimer(self, category: Term) -> bool:
        return self.slug("categories", category) in self._disclaimed

    def create_described(self, export: Export) -> None:
        """Create what the export describes separately from its posts, whether a post refers to it or not."""
        for source in export.images:
            self.images.stored_path(source, self.images.gather([source]))
        for row in export.snippets:
            self._create_snippet(row)
        for kind, items in (
            ("categories", export.categories),
            ("series", export.series),
            ("tags", export.tags),
            ("authors", export.authors),
        ):
            for item in items:
                self._create(kind, item)

    def create_for(self, post: Post) -> None:
        """Create the terms and people of one post that are not here yet."""
        if post.category:
            self._create("categories", post.category)
        if post.series:
            self._create("series", post.series)
        for tag in post.tags:
            self._create("tags", tag)
        for author in post.authors:
            self._create("authors", author)

    def commit(self) -> None:
        """Report the rows created since the last call: their transaction was committed (or would be, but for a dry run)."""
        for kind, slug, name in self._made:
            if not self.images.dry_run:
                self._there.setdefault(kind, set()).add(slug)
            self.report.made_new(kind, name)
        self.rollback()

    def rollback(self) -> None:
        """Forget the rows created since the last commit: their transaction was rolled back."""
        self._made.clear()
        self._being_made.clear()

    def _create(self, kind: str, item: Term | Person) -> None:
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
        elif kind == "series":
            Series.objects.create(slug=slug, name=name[:120], description=one_line(item.description))
        else:
            Tag.objects.create(slug=slug, name=name[:80])
        self.report.trace(kind, (slug, name))
        self._made.append((kind, slug, name))
        self._being_made.add((kind, slug))

    def _create_snippet(self, row: dict[str, str]) -> None:
        """Create a call-to-action card or disclaimer of our own export. Raises ValidationError if it is invalid."""
        slug = row["slug"]
        if Snippet.objects.filter(slug=slug).exists():
            return
        values = {key: str(row.get(key) or "") for key in ("kind", "heading", "html", "label", "url")}
        snippet = Snippet(slug=slug, **values)
        snippet.full_clean()
        snippet.save()
        self._made.append(("snippets", slug, values["heading"] or slug))

    def _portrait(self, person: Person) -> ImageAsset | None:
        if not person.picture or self.images.dry_run:
            return None
        contents = self.images.gather([person.picture])
        path = self.images.stored_path(person.picture, contents, alt=person.picture_alt)
        return ImageAsset.objects.filter(file=path).first() if path else None


def _links(person: Person) -> list[dict[str, str]]:
    return [{"label": label[:80], "url": url} for label, url in person.links if url.startswith(("https://", "http://"))]
