"""The asv suite, one file an area: thin classes over the cases of ``harness``."""

import sys
from pathlib import Path

# asv knows this folder alone.
sys.path.insert(0, str(Path(__file__).parents[1]))
