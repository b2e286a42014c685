"""The desk, where articles are written: the forms, widgets and pages that the admin uses."""
