"""What a slow loop over the events of a run finds, beside what the report says of it."""

from collections import Counter, defaultdict
from fractions import Fraction


def event_rows(run):
    """The events as a list of mappings, in a plain loop."""
    columns = {name: column.tolist() for name, column in run.events().items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def by_sequence(rows):
    """Events by their sequence numbers."""
    return {row["sequence"]: row for row in rows}


def prices_of(run):
    """Every price that a pass was given, as text, by pass, kind and name."""
    marks = run.marks()
    listed = zip(*(marks[key] for key in ("pass", "kind", "name", "price")), strict=True)
    return {(int(number), str(kind), str(name)): str(text) for number, kind, name, text in listed}


def numeraire_value(run, event, quanta):
    """What quanta of an event's asset are worth in the numeraire at the last index price, by going through all."""
    assets = {asset.name: asset for asset in run.assets}
    price = {a.name: p for a, p in zip(run.assets, run.before.index_prices, strict=True)}
    for (number, kind, name), text in prices_of(run).items():
        if kind == "index" and number <= event["pass"]:
            price[name] = Fraction(text)
    units = Fraction(quanta, assets[event["asset"]].quanta_per_unit)
    return float(units * Fraction(price[event["asset"]] or 1))


def stages_of(run):
    """Notional of each stage in quanta by asset, and of each stage, contract and side in the numeraire."""
    rows = event_rows(run)
    sequence = by_sequence(rows)
    quanta, valued = defaultdict(Counter), Counter()
    for row in rows:
        stage = {"book-fill": 0, "net-legs": 1, "backstop": 2, "take-over": 3, "adl-fill": 5}.get(row["kind"])
        if stage is None:
            continue
        if row["kind"] == "adl-fill":
            if row["cause"] != "bankruptcy":
                continue
            stage = 4 if sequence[row["link"]]["cause"] == "fund" else 5
        elif row["wallet"] < 0:
            continue
        side = "longs" if row["lots"] < 0 else "shorts"
        quanta[stage][row["asset"]] += abs(row["amount"])
        valued[stage, row["contract"], side] += numeraire_value(run, row, abs(row["amount"]))
    return quanta, valued


def refusals_of(run):
    """Pass, fund, contract, cause, value and bound of each refusal."""
    rows = by_sequence(event_rows(run))
    return [
        (row["pass"], row["fund"], row["contract"], row["cause"], row["amount"], rows[row["link"]]["amount"])
        for row in rows.values()
        if row["kind"] == "take-over-refused"
    ]
