"""Exit 1, naming them, when any of these modules can be imported: for images that must not hold them."""

import importlib.util
import sys


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


found = [module for module in sys.argv[1:] if _is_there(module)]
sys.exit(f"this image must not hold: {', '.join(found)}" if found else 0)
