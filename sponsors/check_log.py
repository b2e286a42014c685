"""Check the log of who paid us. Usage: python check_log.py https://example.com/sponsored-is-not-rated/log.json"""

import hashlib
import json
import sys
from urllib.request import urlopen

with urlopen(sys.argv[1]) as answer:
    entries = json.load(answer)["entries"]
previous = ""
for number, entry in enumerate(entries, 1):
    values = [previous, *(value for name, value in entry.items() if name != "sha256")]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    seal = hashlib.sha256(text.encode()).hexdigest()
    if entry["number"] != number or entry["sha256"] != seal:
        sys.exit(f"Entry {number} is missing or was changed.")
    previous = seal
print(f"The log holds: {len(entries)} entries, the last seal is {previous or 'none'}.")
