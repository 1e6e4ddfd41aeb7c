"""``python -m adlcore.cli``."""

from . import main

main()
