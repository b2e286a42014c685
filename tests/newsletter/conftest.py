"""What many tests of the newsletter begin with: a list, somebody on it, a file to be imported."""

import pytest
from django.core.management import call_command


@pytest.fixture
def weekly():
    from tests.newsletter import factories  # needs the applications

    return factories.newsletter()


@pytest.fixture
def ann(weekly):
    from tests.newsletter import factories  # needs the applications

    return factories.subscription(weekly).subscriber


@pytest.fixture
def manager(client):
    """A newsletter manager who is signed in."""
    from tests.newsletter import factories  # needs the applications

    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    return client


@pytest.fixture
def run(weekly, tmp_path, capsys):
    def run(content, *options, name="list.csv"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command("import_subscribers", str(file), *options)
        said = capsys.readouterr()
        return said.out + said.err

    return run
