"""Check the log of who paid us. Usage: python check_log.py https://example.com/sponsored-is-not-rated/log.json"""

import hashlib
import json
import sys
from urllib.parse import urljoin
from urllib.request import urlopen

page, previous, number = sys.argv[1], "", 0
while page:
    with urlopen(page) as answer:
        document = json.load(answer)
    for entry in document["entries"]:
        number += 1
        values = [previous, *(value for name, value in entry.items() if name != "sha256")]
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        seal = hashlib.sha256(text.encode()).hexdigest()
        if entry["number"] != number or entry["sha256"] != seal:
            sys.exit(f"Entry {number} is missing or was changed.")
        previous = seal
    page = urljoin(page, document["next"]) if document["entries"] and document["next"] else ""
print(f"The log holds: {number} entries, the last seal is {previous or 'none'}.")
