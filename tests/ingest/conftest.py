"""Makes the loopback service importable by the tests beside it, whatever the working folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
