"""Exports of Substack, beehiiv, Medium, Buttondown, Kit, Blogger, Squarespace and Wix, and pages of Notion and Google Docs, in their true shapes."""

import json
import zipfile

import pytest

from articles.importing.detecting import open_export
from articles.importing.html.to_blocks import convert
from articles.importing.posts import ImportRefused, Refusal
from tests.articles.importing.samples import ghost_export, wxr, wxr_item, zipped

SUBSTACK = {
    "posts.csv": "post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,podcast_url\n"
    "101.first-letter,2024-01-02T10:00:00.000Z,true,,,newsletter,everyone,First letter,It&#x2019;s short,\n"
    "102.paid,2024-01-03T10:00:00.000Z,true,,,newsletter,only_paid,For payers,,\n"
    "103.heard,2024-01-04T10:00:00.000Z,TRUE,,,podcast,everyone,Heard,,https://api.example/ep.mp3\n"
    "104.idea,,false,,,newsletter,everyone,An idea,,\n"
    "105,,false,,,newsletter,everyone,,,\n",
    "posts/101.first-letter.html": """<p>Hello<a class="footnote-anchor" data-component-name="FootnoteAnchorToDOM" id="footnote-anchor-1" href="#footnote-1">1</a> you.</p>
<div class="captioned-image-container"><figure><a class="image-link image2" href="https://substackcdn.com/x"><div class="image2-inset"><picture><source srcset="https://substackcdn.com/s 424w"><img src="https://substackcdn.com/image/fetch/x" data-attrs="{&quot;src&quot;:&quot;https://post-media.example/a.png&quot;,&quot;alt&quot;:&quot;A hill&quot;,&quot;href&quot;:null}" alt=""></picture></div></a><figcaption class="image-caption">The hill.</figcaption></figure></div>
<p class="button-wrapper" data-attrs="{}"><a class="button primary" href="https://x.substack.com/subscribe?"><span>Subscribe</span></a></p>
<p class="button-wrapper" data-attrs="{}"><a class="button primary" href="https://shop.example/"><span>To the shop</span></a></p>
<div class="digest-post-embed" data-attrs="{&quot;title&quot;:&quot;Another&quot;,&quot;canonical_url&quot;:&quot;https://other.example/p/a&quot;}"></div>
<div class="pullquote"><p>Said well.</p></div>
<div class="footnote" data-component-name="FootnoteToDOM"><a id="footnote-1" href="#footnote-anchor-1" class="footnote-number">1</a><div class="footnote-content"><p>A note.</p></div></div>""",
    "posts/102.paid.html": "<p>Paid words.</p>",
    "posts/103.heard.html": "<p>Notes.</p>",
    "posts/101.delivers.csv": "post_id,timestamp,email\n",
    "email_list.mine.csv": "email,active_subscription\nann@example.com,true\n",
}  # fmt: skip
BEEHIIV = (
    "id,web_title,status,audience,content_tags,url,web_subtitle,content_html,thumbnail_url,created_at\n"
    "p1,A letter,confirmed,free,News; Money,https://mine.beehiiv.com/p/a-letter,Below,"
    "\"<table role='none'><tr id='content-blocks'><td><table><tr><td><h1>A letter</h1></td></tr><tr><td><p>Words <b>here</b>.</p>"
    '</td></tr></table></td></tr></table><form>x</form>",uploads/asset/file/1/a.png,2023-01-18 21:25:27\n'
    "p2,Paid,confirmed,premium,,https://mine.beehiiv.com/p/paid,,<p>Paid.</p>,,2023-01-19 21:25:27\n"
)
STORY = """<!DOCTYPE html><html><head><title>A story</title><style>*{}</style></head><body><article class="h-entry"><header><h1 class="p-name">A story</h1></header><section data-field="subtitle" class="p-summary">Told once.</section><section data-field="body" class="e-content"><section class="section"><div class="section-divider"><hr class="section-divider"></div><div class="section-content"><div class="section-inner"><h3 class="graf graf--h3 graf--title">A story</h3><p class="graf graf--p">First words.</p><figure class="graf graf--figure graf--iframe"><script src="https://gist.github.com/a/1.js"></script></figure></div></div></section></section><footer><p>By <a href="https://medium.com/@ann" class="p-author h-card">Ann Alder</a> on <a href="https://medium.com/p/0a1b2c3d4e5f"><time class="dt-published" datetime="2020-05-06T07:08:09.000Z">May 6</time></a>.</p><p><a href="https://stories.example/a-story-0a1b2c3d4e5f" class="p-canonical">Canonical link</a></p></footer></article></body></html>"""  # fmt: skip
ATOM = """<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:app='http://purl.org/atom/app#' xmlns:b='http://schemas.google.com/blogger/2018'><title>Blog</title><link rel='alternate' href='https://old.blogspot.com/'/>
<entry><id>tag:blogger.com,1999:blog-1.post-1</id><published>2020-01-01T10:00:00.000+01:00</published><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#post'/><category scheme='http://www.blogger.com/atom/ns#' term='Rain'/><title type='text'>Hello</title><content type='html'>&lt;div class="separator"&gt;&lt;a href="https://1.bp.blogspot.com/-x/s1600/a.jpg"&gt;&lt;img src="https://1.bp.blogspot.com/-x/s320/a.jpg"&gt;&lt;/a&gt;&lt;/div&gt;Words.</content><link rel='alternate' href='https://old.blogspot.com/2020/01/hello.html'/><author><name>Bo Berg</name></author></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-2</id><published>2020-01-02T10:00:00Z</published><app:control><app:draft>yes</app:draft></app:control><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#post'/><title>Later</title><content type='html'>x</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-3</id><b:type>POST</b:type><b:status>LIVE</b:status><b:filename>/2021/02/new.html</b:filename><published>2021-02-01T10:00:00Z</published><title>New kind</title><content type='html'>&lt;p&gt;y&lt;/p&gt;</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-4</id><b:type>COMMENT</b:type><title>Me too</title><content type='html'>z</content></entry></feed>"""  # fmt: skip
SQUARE = wxr(
    wxr_item(
        1,
        """<div class="sqs-html-content"><p>Words.</p></div><div class="sqs-block newsletter-block sqs-block-newsletter"><form>x</form></div>
<figure class="sqs-block-image-figure"><noscript><img src="https://images.squarespace-cdn.com/a.jpg"></noscript><img class="thumb-image"
  data-src="https://images.squarespace-cdn.com/a.jpg"
  alt="A hill"><figcaption>Below.</figcaption></figure>""",
    )
)
RICH = {
    "nodes": [
        {"type": "HEADING", "headingData": {"level": 2}, "nodes": [{"type": "TEXT", "textData": {"text": "Part"}}]},
        {"type": "PARAGRAPH", "nodes": [{"type": "TEXT", "textData": {"text": "here", "decorations": [{"type": "BOLD"}, {"type": "LINK", "linkData": {"link": {"url": "https://a.example/"}}}]}}]},
        {"type": "IMAGE", "imageData": {"image": {"src": {"id": "b_1~mv2.jpg"}}, "altText": "A hill", "caption": "Below."}},
    ]
}  # fmt: skip
WIX = (
    "Author,Main Category,Title,Excerpt,ID,Tags,Slug,Plain Content,Cover Image,Published Date,Rich Content,Post Page URL\n"
    "Jane Doe,Market News,Hello Wix,Brief,post-1,[],hello-wix,Plain,wix:image://v1/c_1~mv2.jpg/c.jpg#originWidth=6,2025-10-01T10:00:00Z,"
    '"{}",/post/hello-wix\n,,Draft,,post-2,[],draft,Plain words,,,,/post/draft\n'.format(
        json.dumps(RICH).replace('"', '""')
    )
)
NOTION = {
    "A page 0123456789abcdef0123456789abcdef.md": "# A page\n\nTags: one, two\nAuthor: Ann Alder\nOwner: me\n\nWords with a [link](Other%200123456789abcdef0123456789abcde0.md).\n\n![pic](A%20page/a.png)\n",
    "A page/a.png": "x",
}
DOCS = """<html><head><style type="text/css">.c1{font-weight:700}.c2{font-style:italic}</style></head><body class="doc-content"><p class="c3 title"><span>The paper</span></p><p class="c0"><span class="c1">Bold</span><span> and </span><span class="c4"><a href="https://www.google.com/url?q=https://a.example/x&amp;sa=D&amp;ust=1">linked</a></span><sup><a href="#ftnt1" id="ftnt_ref1">[1]</a></sup></p><p><img src="images/image1.png" alt="A hill"></p><div><p><a href="#ftnt_ref1" id="ftnt1">[1]</a><span>&nbsp;A note.</span></p></div></body></html>"""  # fmt: skip

# The file, its name; the posts as title and state; what stands in the text, and what does not.
SYSTEMS = {
    "substack": (
        zipped(SUBSTACK), "export.zip",
        ["First letter published", "For payers draft", "Heard published", "An idea draft", "105 refused"],
        ['<small data-footnote="">A note.</small>', "https://post-media.example/a.png", "A hill", "The hill.", "https://shop.example/", "https://other.example/p/a", "<blockquote>", "https://api.example/ep.mp3"],
        ["Subscribe", "footnote-number", "substackcdn"],
    ),
    "beehiiv": (BEEHIIV, "posts.csv", ["A letter published", "Paid draft"], ["<b>here</b>"], ["A letter", "<table"]),
    "medium": (
        zipped({"posts/2020-05-06_A-story-0a1b2c3d4e5f.html": STORY, "posts/draft_An-idea-1a1b2c3d4e5f.html": STORY.replace("0a1b2c3d4e5f", "1a1b2c3d4e5f"), "profile/profile.html": "<p>Me</p>"}), "medium.zip",
        ["A story published", "A story draft"], ["First words.", "https://gist.github.com/a/1"], ["A story", "<hr>"],
    ),
    "buttondown": (json.dumps([{"id": "1", "subject": "Letter", "body": "All *the* words", "slug": "letter", "publish_date": "2023-01-02T16:55:00Z"}, {"id": "2", "subject": "Private", "body": "x", "email_type": "private", "publish_date": "2023-01-02T16:55:00Z"}, {"subject": "Idea", "body": "y", "status": "draft"}]), "emails.json", ["Letter published", "Private draft", "Idea draft"], ["<em>the</em>"], []),
    "buttondown csv": ("id,subject,body,publish_date,email_type,status\n1,Letter,All *the* words,2023-01-02T16:55:00Z,public,sent\n", "emails.csv", ["Letter published"], ["<em>the</em>"], []),
    "kit": (json.dumps({"broadcasts": [{"id": 1, "subject": "Hi", "content": "<p>Words.</p>", "public": True, "published_at": "2023-02-17T11:43:55Z"}, {"id": 2, "subject": "Mailed", "content": "<p>m</p>", "public": False, "published_at": "2023-02-17T11:43:55Z"}]}), "broadcasts.json", ["Hi published", "Mailed draft"], ["Words."], []),
    "blogger": (ATOM, "blog.xml", ["Hello published", "Later draft", "New kind published"], ["/-x/s0/a.jpg", "Words."], ["s320", "s1600"]),
    "squarespace": (SQUARE, "square.xml", ["Post 1 published"], ["https://images.squarespace-cdn.com/a.jpg", "A hill", "Below.", "Words."], ["data-src", "<form"]),
    "wix": (WIX, "posts.csv", ["Hello Wix published", "Draft draft"], ["<h2>Part</h2>", '<a href="https://a.example/"><strong>here</strong></a>', "https://static.wixstatic.com/media/b_1~mv2.jpg", "Below.", "Plain words"], []),
    "notion": (zipped(NOTION), "Export.zip", ["A page draft"], ["A%20page/a.png", "Words with a link."], ["Other%20", "Owner"]),
    "google_docs": (zipped({"Paper.html": DOCS, "images/image1.png": "x"}), "Paper.zip", ["The paper draft"], ["<strong>Bold</strong>", '<a href="https://a.example/x">linked</a>', '<small data-footnote="">A note.</small>', "images/image1.png"], ["google.com", "[1]"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_export_is_read_for_what_it_is(write, name):
    content, file, titles, there, gone = SYSTEMS[name]
    export = open_export(write(content, file))
    posts = list(export.posts)
    assert export.format == name.split()[0]
    states = [f"{post.title} {post.status}" if not isinstance(post, Refusal) else "105 refused" for post in posts]
    assert states == titles
    whole = str([convert(post.html, post.notes).blocks for post in posts if not isinstance(post, Refusal)])
    assert [words for words in there if words not in whole] == []
    assert [words for words in gone if words in whole] == []


def test_what_stands_beside_the_texts_comes_too(write):
    first, *_ = open_export(write(zipped(SUBSTACK), "a.zip")).posts
    assert (first.source_id, first.slug, first.standfirst, first.old_urls) == ("101", "first-letter", "It’s short", ["/p/first-letter"])  # fmt: skip
    letter, _ = open_export(write(BEEHIIV, "posts.csv")).posts
    assert ([tag.name for tag in letter.tags], letter.cover.src[-26:]) == (
        ["News", "Money"],
        "uploads/asset/file/1/a.png",
    )
    story, _ = open_export(write(SYSTEMS["medium"][0], "m.zip")).posts
    assert (story.source_id, story.slug, story.old_urls, story.authors[0].name) == ("0a1b2c3d4e5f", "a-story", ["/a-story-0a1b2c3d4e5f"], "Ann Alder")  # fmt: skip
    blog = open_export(write(ATOM, "b.xml"))
    hello, _, new = blog.posts
    assert (hello.tags[0].name, hello.old_urls, new.old_urls, blog.lost["comments"]) == ("Rain", ["/2020/01/hello.html"], ["/2021/02/new.html"], 1)  # fmt: skip
    page = next(open_export(write(zipped(NOTION), "n.zip")).posts)
    assert ([tag.name for tag in page.tags], page.authors[0].name, [lost for lost in page.notes.lost if "Owner" in lost]) == (["One", "Two"], "Ann Alder", ["the property “Owner”, which said “me”"])  # fmt: skip
    wix, _ = open_export(write(WIX, "w.csv")).posts
    assert (wix.category.name, wix.cover.src) == ("Market News", "https://static.wixstatic.com/media/c_1~mv2.jpg")


def test_the_list_of_subscribers_in_an_export_is_found(write):
    export = open_export(write(zipped(SUBSTACK), "a.zip"))
    assert [(file.name, file.read()) for file in export.subscribers] == [
        ("email_list.mine.csv", SUBSTACK["email_list.mine.csv"].encode())
    ]


DAMAGED = {
    "a wrong checksum": (zipfile.ZIP_STORED, 14),
    "a compression that is not known": (zipfile.ZIP_STORED, 8),
    "broken deflate": (zipfile.ZIP_DEFLATED, -1),
    "broken lzma": (zipfile.ZIP_LZMA, -1),
}


@pytest.mark.parametrize(("kind", "at"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_beside_the_posts_is_left_out_in_words(tmp_path, kind, at):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", kind) as out:
        out.writestr("ghost.json", ghost_export({"html": "<p>Words.</p>"}))
        out.writestr("notes.csv", "email\n" + "".join(f"{number}@example.com\n" for number in range(500)))
        damaged = out.getinfo("notes.csv")
    data = bytearray(path.read_bytes())
    if at < 0:  # in its bytes
        begin = damaged.header_offset + 30 + len("notes.csv") + 20
        data[begin : begin + 200] = b"\xff" * 200
    else:  # in both of its headers
        central = data.index(b"notes.csv", damaged.header_offset + 40) - 46
        data[damaged.header_offset + at] ^= 0x5F
        data[central + at + 2] ^= 0x5F
    path.write_bytes(data)
    export = open_export(path)
    assert ([post.html for post in export.posts], export.subscribers) == (["<p>Words.</p>"], [])
    assert "“notes.csv” in the zip is damaged, and was left out." in export.remarks


IN_ZIPS = {
    "beehiiv": {"posts.csv": BEEHIIV},
    "buttondown": {"emails.json": SYSTEMS["buttondown"][0]},
    "substack": SUBSTACK,
}


@pytest.mark.parametrize("folder", ["", "x/"])
@pytest.mark.parametrize("system", IN_ZIPS)
def test_each_list_of_subscribers_is_offered_once(write, system, folder):
    files = {name: content for name, content in IN_ZIPS[system].items() if not name.startswith("email_list")}
    files["subscribers.csv"] = "email,name\nann@example.com,Ann\n"
    export = open_export(write(zipped({folder + name: content for name, content in files.items()}), "a.zip"))
    assert (export.format, [file.name for file in export.subscribers]) == (system, [f"{folder}subscribers.csv"])


def test_of_squarespace_a_link_around_a_picture_comes_and_what_is_empty_is_no_post(write):
    body = """<figure class="sqs-block-image-figure"><a href="https://shop.example/">
<div class="x">

<img data-src="https://images.squarespace-cdn.com/a.jpg" alt="A"></div></a></figure>"""
    export = open_export(write(wxr("<item />", wxr_item(1, body), "<item/>"), "a.xml"))
    [post] = export.posts
    [picture] = convert(post.html, post.notes).blocks
    assert (export.format, export.lost, picture["alt"]) == ("squarespace", {"items with nothing in them": 2}, "A")
    assert (picture["link"], post.notes.lost) == ("https://shop.example/", {})


def test_icons_of_notion_are_no_pictures(write):
    link = '<a href="x.html"><img class="icon" src="cache/leaf.svg"/>Words</a>'
    page = f'<article class="page sans"><h1 class="page-title">A page</h1><div class="page-body"><p>{link}</p></div></article>'
    [post] = open_export(write(page, "A page 0123456789abcdef0123456789abcdef.html")).posts
    assert ("<img" in post.html, "Words" in post.html) == (False, True)


OTHERS = {
    "any list": ('[{"a": 1}]', "x.json", "its first entry has “a”"),
    "subscribers": ("email,created_at,status\nann@example.com,2020-01-01,active\n", "list.csv", "Import subscribers"),
    "Substack's table": (SUBSTACK["posts.csv"], "posts.csv", "list of posts without their texts"),
    "Word": (zipped({"word/document.xml": "<x/>"}), "a.docx", "a Word document"),
    "PDF": ("%PDF-1.7 x", "a.pdf", "a PDF"),
    "page": ("<!doctype html><html><body>Hi</body></html>", "a.html", "a page of a website"),
    "zip in a zip": (zipped({"Export-1.zip": "x"}), "n.zip", "another zip"),
    "figures of mails": ("subject,recipients,open_rate,click_rate\nHi,10,1,1\n", "b.csv", "without their texts"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "name", "words"), OTHERS.values(), ids=OTHERS)
def test_what_is_recognised_and_cannot_be_read_says_what_it_is(write, content, name, words):
    with pytest.raises(ImportRefused, match=words):
        open_export(write(content, name))
