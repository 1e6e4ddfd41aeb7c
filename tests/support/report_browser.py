"""A report in a browser: opened, waited for, and looked at."""

from contextlib import contextmanager

WIDE, NARROW = 1280, 390

#: What the plots of the page hold, by the id of their place.
DATA = (
    "Object.fromEntries([...document.querySelectorAll('figure.drawn')].map(f => [f.id, f.querySelector('.plot').data]))"
)
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

#: Texts that stand out of the page, of a box that cuts what is too wide, or of the picture that they are part of.
CUT = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement, range = document.createRange();
    if (!node.data.trim() || holder.closest("script, style, noscript, select, .modebar")) continue;
    if (!holder.checkVisibility()) continue;
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (!box.width || !box.height) continue;
      const within = (outer, where) => {
        if (box.left < outer.left - 1 || box.right > outer.right + 1) found.push([node.data.trim(), where]);
      };
      within({ left: 0, right: document.documentElement.clientWidth }, "the page");
      for (let each = holder; each && each !== document.body; each = each.parentElement) {
        const outer = each.getBoundingClientRect();
        if (each.matches(".plot")) {
          within(outer, "a plot");
          if (box.top < outer.top - 1 || box.bottom > outer.bottom + 1) found.push([node.data.trim(), "its height"]);
        } else if (!(each instanceof SVGElement) && getComputedStyle(each).overflowX !== "visible") {
          within(outer, each.className || each.tagName);
        }
      }
    }
  }
  return found;
}"""


@contextmanager
def opened(browser, path, width=WIDE, scheme="light"):
    """A page of a report that must ask for its own file alone, and complain of nothing."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said, asked = [], []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    drawn(page)
    yield page
    page.wait_for_timeout(100)
    assert said == []
    assert asked == [path.as_uri()]
    page.close()


def until(page, condition):
    """Wait for something to be so: the page's own policy forbids Playwright to poll for it."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never came to be: {condition}")


def drawn(page):
    """Wait until every plot has its picture."""
    drawn_plot = "plot => plot.matches('.js-plotly-plot') && plot.querySelector('svg')"
    until(page, f"[...document.querySelectorAll('.plot')].every({drawn_plot})")


def cut(page):
    """What is cut off once the figures stand still: one that was chosen moves into its place."""
    for _ in range(80):
        if not (found := page.evaluate(CUT)):
            break
        page.wait_for_timeout(25)
    return found


def rows(page, name):
    """The rows of a table that are shown, as lists of texts."""
    return page.evaluate(
        """name => [...document.querySelector(`table[aria-label="${name}"]`).tBodies[0].rows]
           .filter(row => row.checkVisibility()).map(row => [...row.cells].map(cell => cell.textContent))""",
        name,
    )


def table(page, name):
    """The place of a table."""
    return page.locator(f'.table:has(table[aria-label="{name}"])')
