"""``python -m idp.testing``: ``antin-test-provider`` where it is not installed."""

import sys

from idp.testing.command import main

if __name__ == "__main__":
    sys.exit(main())
