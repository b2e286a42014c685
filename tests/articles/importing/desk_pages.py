"""The pages of an import of posts, with something in each part; for tests that walk pages."""

from uuid import uuid4

from django.urls import reverse

from articles.models import PostImport

HERE = "admin:articles_postimport"


def desk_pages(text="Words"):
    """The addresses of the pages about a file that was looked at, and about one that came in."""
    name = {"slug": "one", "name": text[:80], "posts": 3}
    post = {
        "title": text[:120],
        "state": "published",
        "date": "2024-01-02",
        "category": text[:80],
        "authors": text[:120],
    }
    told = {"remarks": [text], "left": {text[:100]: 2}}
    found = told | {"name": "Substack", "posts": 3, "states": {"draft": 3}, "pictures": 1, "examples": [post]}
    found |= {"refused": [text], "refused_count": 1, "authors": [name], "categories": [name], "unfiled": 1}
    report = told | {"counts": {"new": 3}, "images": {"stored": 1}, "redirects": 2, "made": {"authors": [text[:80]]}}
    report |= {"posts": [{"outcome": "failed", "where": text[:80], "title": text[:120], "reason": text}]}
    report |= {"pictures": [text], "pictures_missing": 1, "changed": {text[:100]: 1}, "is_dry_run": False}
    row = {"file_name": f"{text[:100]}.zip", "size": 9, "by_name": "Ana", "found": found}
    looked = PostImport.objects.create(folder=uuid4(), **row)
    done = PostImport.objects.create(folder=uuid4(), state="done", report=report, **row)
    about = [("show", looked), ("cancel", looked), ("show", done), ("undo", done)]
    paths = [reverse(f"{HERE}_{page}", args=[row.pk]) for page, row in about]
    return [*paths, reverse(f"{HERE}_upload"), reverse(f"{HERE}_changelist")]
