"""Tables in files of Arrow and Parquet, and columns that no writer of ours makes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def as_text(values):
    """Bytes as a column that says they are text."""
    stored = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(stored), stored.buffers())


def stored(path: Path):
    """The table of a file."""
    return pq.read_table(path) if path.suffix == ".parquet" else pa.ipc.open_file(path.read_bytes()).read_all()


def store(table, path: Path, **options) -> None:
    """A table as a file, sound in itself."""
    path.unlink(missing_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path, **options)
        return
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def other_cell(name: str, row: int, value):
    """A change of one cell of a table."""

    def change(table):
        place, field = table.column_names.index(name), table.schema.field(name)
        cells = table.column(name).to_pylist()
        cells[row] = value
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        return table.set_column(place, field.with_nullable(True), pa.array(cells, plain).cast(field.type))

    return change
