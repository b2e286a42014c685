"""People at the desk."""

from typing import Any

import pytest


def someone(role: str) -> Any:
    """A person of the newsroom; models can be imported once Django is set up, which is after this file is read."""
    from tests.articles import factories

    return factories.user(role)


@pytest.fixture
def editor(db: None, client: Any) -> Any:
    user = someone("editor")
    client.force_login(user)
    return user


@pytest.fixture
def writer(db: None) -> Any:
    return someone("writer")
