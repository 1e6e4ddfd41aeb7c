"""The compiled kernels, a folder a subject; C headers lie in ``include``."""
