"""The systems that posts come from, by the names of their formats."""

SYSTEMS = {
    "wordpress": "WordPress",
    "ghost": "Ghost",
    "substack": "Substack",
    "beehiiv": "beehiiv",
    "medium": "Medium",
    "buttondown": "Buttondown",
    "kit": "Kit",
    "blogger": "Blogger",
    "squarespace": "Squarespace",
    "wix": "Wix",
    "webflow": "Webflow",
    "notion": "Notion",
    "google_docs": "Google Docs",
    "markdown": "Markdown",
    "moonpress": "Moonpress",
}
