"""The ground that the newsroom's parts share: people, mail, the page cache, what every screen of the admin has."""
