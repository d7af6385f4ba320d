"""Runs a command and prints the most memory that it had at a time, as JSON: peak.py COMMAND... Standard library only."""

import json
import resource
import subprocess
import sys
import time

start = time.monotonic()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"peak_bytes": 1024 * kilobytes, "seconds": time.monotonic() - start}))
