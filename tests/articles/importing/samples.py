"""Exports written for the tests."""

import csv
import io
import json
import zipfile

from PIL import Image

WEBFLOW_COLUMNS = [
    "Name", "Slug", "Collection ID", "Item ID", "Archived", "Draft", "Created On", "Updated On", "Published On",
    "Post Summary", "Category", "Author", "Post Body",
]  # fmt: skip
_DAY = "Mon Mar 03 2025 09:30:00 GMT+0000 (Coordinated Universal Time)"


def webflow_row(name="A plain post", **cells):
    """One row of a Webflow export."""
    row = dict.fromkeys(WEBFLOW_COLUMNS, "") | {"Name": name, "Slug": name.lower().replace(" ", "-")}
    row |= {"Item ID": f"{sum(map(ord, name)):024x}", "Archived": "false", "Draft": "false", "Published On": _DAY}
    return row | {"Category": "field-notes", "Author": "ada-lund", "Post Body": "<p>Words of the post.</p>"} | cells


def csv_of(rows):
    out = io.StringIO()
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def ghost_export(*posts, **tables):
    """A Ghost export with some posts; a post's `tags` and `authors` are ids of the tables."""
    rows, links, bylines = [], [], []
    for number, post in enumerate(posts, 1):
        row = {"id": f"p{number}", "uuid": f"uuid-{number}", "title": f"Post {number}", "slug": f"post-{number}", "type": "post", "status": "published", "visibility": "public", "html": None, "lexical": None, "mobiledoc": None, "published_at": "2024-05-01T08:00:00.000Z", "updated_at": "2024-05-02T08:00:00.000Z"} | post  # fmt: skip
        links += [{"post_id": row["id"], "tag_id": tag, "sort_order": at} for at, tag in enumerate(row.pop("tags", []))]
        bylines += [
            {"post_id": row["id"], "author_id": user, "sort_order": at}
            for at, user in enumerate(row.pop("authors", []))
        ]
        rows.append(row)
    data = {"posts": rows, "posts_tags": links[::-1], "posts_authors": bylines[::-1], "tags": [], "users": []} | tables
    return json.dumps({"db": [{"meta": {"exported_on": 1, "version": "5.80.0"}, "data": data}]})


WXR_HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- A comment as WordPress writes one -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Old site</title><link>https://old.example</link><wp:wxr_version>1.2</wp:wxr_version>
<wp:base_site_url>https://old.example</wp:base_site_url><wp:base_blog_url>https://old.example</wp:base_blog_url>
<wp:author><wp:author_id>1</wp:author_id><wp:author_login><![CDATA[ada]]></wp:author_login><wp:author_email><![CDATA[ada@old.example]]></wp:author_email><wp:author_display_name><![CDATA[Ada Lund]]></wp:author_display_name></wp:author>
<wp:category><wp:term_id>7</wp:term_id><wp:category_nicename><![CDATA[field-notes]]></wp:category_nicename><wp:cat_name><![CDATA[Field &amp; notes]]></wp:cat_name></wp:category>
<wp:category><wp:term_id>8</wp:term_id><wp:category_nicename><![CDATA[deep]]></wp:category_nicename><wp:cat_name><![CDATA[Deep]]></wp:cat_name></wp:category>
<wp:tag><wp:term_id>9</wp:term_id><wp:tag_slug><![CDATA[eth]]></wp:tag_slug><wp:tag_name><![CDATA[ETH]]></wp:tag_name></wp:tag>
"""  # fmt: skip


def wxr_item(number=1, body="Words.", *, title="", extra="", **fields):
    """One item of a WordPress export."""
    fields = {"post_id": str(number), "post_date": "2024-05-01 10:00:00", "post_date_gmt": "2024-05-01 08:00:00", "post_name": f"post-{number}", "status": "publish", "post_type": "post", "post_password": "", "is_sticky": "0"} | fields  # fmt: skip
    rows = "".join(f"<wp:{name}><![CDATA[{value}]]></wp:{name}>" for name, value in fields.items())
    link = f"https://old.example/2024/05/post-{number}/"
    return f"<item><title><![CDATA[{title or f'Post {number}'}]]></title><link>{link}</link><dc:creator><![CDATA[ada]]></dc:creator><guid isPermaLink='false'>https://old.example/?p={number}</guid><description></description><content:encoded><![CDATA[{body}]]></content:encoded>{rows}{extra}</item>\n"  # fmt: skip


def wxr(*items):
    return WXR_HEAD + "".join(items) + "</channel></rss>\n"


def wxr_meta(key, value):
    return f"<wp:postmeta><wp:meta_key><![CDATA[{key}]]></wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:postmeta>"


def png(colour="red"):
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
