"""Files that are recognised and are no export of posts: what each is, and how to get what can be read."""

from articles.importing.posts import ImportRefused

UNKNOWN = (
    "This is no export that is known here. Read are those of WordPress, Ghost, Substack, beehiiv, Medium, Buttondown, Kit,"
    " Blogger, Squarespace, Wix and Webflow, pages of Notion and Google Docs, and Markdown."
)
WEB_PAGE = (
    "This is a page of a website, not an export. A document of Google Docs or Notion can be read as the web page, or zip, that"
    " these save; of a website, use the export of the system that it runs on."
)
LIST = (
    "This JSON is a list, but not of posts that are known here: its first entry has {}. A Ghost export is the JSON of Settings,"
    " Import/Export; Buttondown's mails have a subject and a body."
)
SUBSCRIBERS = (
    "This is a list of subscribers, not of posts. It is brought in under Subscribers, Import subscribers, or by"
    " import_subscribers."
)
_WITHOUT_TEXTS = (
    "This is Substack's list of posts without their texts. Ask for the export of everything under Settings, Exports,"
    " and upload the zip as it comes."
)
_SIGNATURES = [
    (
        b"%PDF",
        "This is a PDF, whose text cannot be told from its pages. Export the document as a web page (HTML), or paste its text.",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "This is a document of an old Word or Excel. Open it there and save it as a web page or as CSV.",
    ),
    (b"\x1f\x8b", "This is a packed file (gzip). Unpack it, and upload what is in it; a folder as a zip."),
    (b"Rar!", "This is a RAR archive. Unpack it, and upload what is in it as a zip."),
    (b"7z\xbc\xaf", "This is a 7z archive. Unpack it, and upload what is in it as a zip."),
    (b"SQLite format 3", "This is a database (SQLite). Use the export of the system that it belongs to."),
    (
        b"-- MySQL dump",
        "This is a dump of a database. Use the export of the system: in WordPress it is under Tools, Export.",
    ),
    (b"\x89PNG", "This is a picture. Pictures come in a zip with the export that shows them."),
    (b"\xff\xd8\xff", "This is a picture. Pictures come in a zip with the export that shows them."),
]
_IN_ZIPS = [
    (
        "word/document.xml",
        "This is a Word document. Open it in Google Docs, choose File, Download, Web page, and upload that zip.",
    ),
    ("xl/workbook.xml", "This is an Excel workbook. Save it as CSV."),
    ("mimetype", "This is an OpenDocument text or e-book. Save it as a web page (HTML) or Markdown."),
]
_SUBSTACK_LIST = {"post_id", "post_date", "is_published", "type", "audience"}


def refuse(name: str, head: bytes) -> None:
    """Raise ImportRefused for a file that is recognised by its first bytes and cannot be read."""
    for sign, words in _SIGNATURES:
        if head.startswith(sign):
            raise ImportRefused(words)


def refuse_zip(names: list[str]) -> None:
    """Raise ImportRefused for a zip that is recognised by its files and cannot be read."""
    for name, words in _IN_ZIPS:
        if name in names:
            raise ImportRefused(words)
    if names and all(name.endswith(".zip") for name in names):
        raise ImportRefused(
            "The zip holds another zip, as Notion's exports do. Unpack it once, and upload the inner one."
        )
    plain = {name.rsplit("/", 1)[-1] for name in names}
    if (
        "posts.csv" in plain
        and not any(name.endswith((".html", ".md")) for name in names)
        and any(name.startswith("email_list") for name in plain)
    ):
        raise ImportRefused(_WITHOUT_TEXTS)


def refuse_table(columns: set[str]) -> None:
    """Raise ImportRefused for a CSV that is recognised by its columns and holds no posts."""
    if columns >= _SUBSTACK_LIST:
        raise ImportRefused(_WITHOUT_TEXTS)
    if is_list_of_subscribers(columns):
        raise ImportRefused(SUBSCRIBERS)
    if "subject" in columns and columns & {"recipients", "open_rate", "click_rate", "opens", "clicks"}:
        raise ImportRefused(
            "This is a table of mails with their figures, without their texts. Kit gives the texts through its API only: save the"
            " answers of its list of broadcasts, with their content, as JSON. Mailchimp gives them in its export of all data."
        )


def is_list_of_subscribers(columns: set[str]) -> bool:
    """Whether a CSV with these columns holds people and their addresses, and no texts."""
    addresses = {"email", "email_address", "e_mail", "subscriber_email"}
    return bool(columns & addresses) and not columns & {
        "title",
        "body",
        "content",
        "post_body",
        "post_id",
        "subject",
        "slug",
    }
