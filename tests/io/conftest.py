"""Files of positions that a test writes, and a snapshot that is saved."""

import pytest

import adlcore as adl
from support.saved_snapshots import everything


@pytest.fixture
def write(tmp_path):
    """Write a file of that name and give its path."""

    def put(text, name="p.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


@pytest.fixture
def parquet(tmp_path):
    """Write columns as a Parquet file and give its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def put(**columns):
        path = tmp_path / "p.parquet"
        pq.write_table(pa.table(columns), path, row_group_size=2)
        return path

    return put


@pytest.fixture
def folder(tmp_path):
    """A folder that holds a snapshot."""
    adl.io.save(everything(), tmp_path / "venue")
    return tmp_path / "venue"
