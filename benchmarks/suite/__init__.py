"""The asv suite: one file an area. ``columns`` makes the positions that all of them, and ``compare.py``, run on."""
