"""The broker in a folder: whoever looks at any moment finds whole messages."""

import json
from threading import Thread

from kombu import Connection

import core.celery  # noqa: F401 - says which transport an address means


def test_a_message_is_whole_from_the_moment_it_can_be_seen(tmp_path):
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path)}
    with Connection("filesystem://", transport_options=folders) as connection:
        queue = connection.SimpleQueue("whole")
        writing = Thread(target=lambda: [queue.put({"number": number}) for number in range(300)])
        writing.start()
        while writing.is_alive():
            for file in tmp_path.glob("*.whole.msg"):
                assert json.loads(file.read_bytes())["properties"], "half a message"
        assert len(list(tmp_path.glob("*.whole.msg"))) == 300
        assert queue.get(timeout=5).payload == {"number": 0}
        queue.close()
