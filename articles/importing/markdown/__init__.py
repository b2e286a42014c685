"""Markdown files with front matter, as Jekyll, Hugo, Astro, Obsidian and others keep them."""
