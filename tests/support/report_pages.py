"""A report read back: sections, tables and figures of the HTML, as plain Python."""

import json
from html.parser import HTMLParser

import adlcore as adl


class Page(HTMLParser):
    """What a report holds.

    `elements` lists every tag with its attributes; `texts` has the text of each section by its id, `tables` the rows of
    each table by its name, `figures` the figures of each place by its id.
    """

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.tables, self.figures, self.styles, self.scripts = [], {}, {}, {}, [], []
        self._section = self._table = self._place = self._raw = None
        self._in_cell, self.source = False, text
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.elements.append((tag, found))
        if tag == "section":
            self._section = found["id"]
            self.texts[self._section] = ""
        elif tag == "table":
            self._table = self.tables[found["aria-label"]] = []
        elif tag == "tr":
            self._table.append([])
        elif tag in ("td", "th"):
            self._table[-1].append("")
            self._in_cell = True
        elif tag == "figure":
            self._place = self.figures[found["id"]] = []
        elif tag in ("script", "style"):
            self._raw = (tag, found, [])

    def handle_endtag(self, tag):
        if tag == "section":
            self._section = None
        elif tag in ("td", "th"):
            self._in_cell = False
        elif tag in ("script", "style"):
            name, found, parts = self._raw
            self._raw = None
            text = "".join(parts)
            if name == "style":
                self.styles.append(text)
            elif found.get("class") == "figure":
                self._place.append(json.loads(text))
            else:
                self.scripts.append(text)

    def handle_data(self, data):
        if self._raw is not None:
            self._raw[2].append(data)
            return
        if self._section is not None:
            self.texts[self._section] += data + " "
        if self._in_cell:
            self._table[-1][-1] += data

    @classmethod
    def of(cls, run, folder, **terms):
        """The report of a run, written to a folder and read back."""
        path = folder / "report.html"
        adl.report.write(run, path, **terms)
        page = cls(path.read_text(encoding="utf-8"))
        page.path = path
        return page

    def column(self, table, heading):
        """The cells of a column."""
        head, *rows = self.tables[table]
        return [row[head.index(heading)] for row in rows]
