"""The figures of a report and those of a notebook, drawn by plotly."""
