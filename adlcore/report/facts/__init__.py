"""The numbers of a report: what happened in a run, without a word about how it is shown."""
