"""What builds the package is no part of it; it lies beside `src`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
