"""Python in a process of its own, which finds this package, and before it what a folder holds."""

import os
import subprocess
import sys
from pathlib import Path

import adlcore


def python(*arguments: str, path: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it with these arguments; packages in `path` hide those that are installed."""
    paths = (path, Path(adlcore.__file__).parents[1], os.environ.get("PYTHONPATH"))
    told = {**os.environ, "PYTHONPATH": os.pathsep.join(str(each) for each in paths if each), **environment}
    return subprocess.run(
        [sys.executable, *arguments], env=told, capture_output=True, text=True, timeout=300, check=False
    )
