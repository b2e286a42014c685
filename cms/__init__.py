"""The ground that the newsroom's parts share: people, mail, pages, settings."""
