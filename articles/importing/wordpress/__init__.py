"""WordPress's exports (WXR), and the markup of its editor and plugins."""
