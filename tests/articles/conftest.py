"""People at the desk."""

import pytest


def someone(role):
    """A person of the newsroom; models can be imported once Django is set up, which is after this file is read."""
    from tests.articles import factories

    return factories.user(role)


@pytest.fixture
def editor(db, client):
    user = someone("editor")
    client.force_login(user)
    return user


@pytest.fixture
def writer(db):
    return someone("writer")
