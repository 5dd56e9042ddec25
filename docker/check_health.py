"""Exit 0 when this URL answers 200, 1 otherwise: for health checks in images that have no curl."""

import sys
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=4) as answer:  # noqa: S310 -- our own address
        sys.exit(answer.status != 200)
except OSError:
    sys.exit(1)
