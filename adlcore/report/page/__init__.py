"""The page of a report: its words, its tables, and the one file that it is put into."""
