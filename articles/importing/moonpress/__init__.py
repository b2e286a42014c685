"""What `export_site` writes, read back to the byte."""
