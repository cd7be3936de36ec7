"""Exit 0 when this Python can make virtual environments and build extensions by itself."""

import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

headers = Path(sysconfig.get_paths()["include"], "Python.h").exists()
sys.exit(0 if headers and find_spec("ensurepip") else 1)
