"""Our own format, as `export_site` writes it."""
