"""What a call adds to the peak of the resident memory; Linux only."""

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def extra_bytes(call: Callable[[], object]) -> int:
    """Bytes by which the resident set grew at the most while `call` ran a second time."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None or not CLEAR.exists():
        raise NotImplementedError("needs /proc/self/clear_refs and glibc")
    call()
    gc.collect()
    trim(0)  # what the first call freed goes back to the kernel, or the second would find it resident
    CLEAR.write_text("5")  # forget the peak so far
    before = resident()
    call()
    return max(resident("VmHWM") - before, 0)


def resident(name: str = "VmRSS") -> int:
    """Bytes of this process that are resident, or were at the most."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024
