"""Tariffs at work: what charges cost by a tariff, why, what is odd about it, and its price list.

Needs no lake: it begins with a tariff of its own and imagined charges. Bring yours:
`python notebooks/tariffs.py -- --tariff T.json --cdrs CDRS.jsonl --zone Europe/Amsterdam`
(CDRs of any OCPI version, one per line), or open it with `marimo edit notebooks/tariffs.py`.
"""

import marimo

app = marimo.App(width="medium", app_title="Wattproof · tariffs")


@app.cell
def _():
    import os
    from datetime import date
    from pathlib import Path

    import altair as alt
    import marimo as mo
    import polars as pl

    from billing.explain import markdown
    from ingest.protocols.ocpi import dumps, loads
    from wattproof.pricing import (
        explain,
        generate_frame,
        lint_frame,
        price_frame,
        price_table_frame,
    )

    def given(name):
        return mo.cli_args().get(name) or os.environ.get(f"WATTPROOF_{name.upper()}")

    zone = given("zone") or "Europe/Amsterdam"
    return (
        Path, alt, date, dumps, explain, generate_frame, given, lint_frame, loads, markdown, mo, pl,
        price_frame, price_table_frame, zone,
    )  # fmt: skip


@app.cell
def _(Path, given, loads):
    evening = {"start_time": "17:00", "end_time": "21:00"}
    day_and_night = {
        "country_code": "NL",
        "party_id": "WPF",
        "id": "DAY-AND-NIGHT",
        "currency": "EUR",
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY", "price": loads("0.52"), "vat": 21, "step_size": 1}
                ],
                "restrictions": evening,
            },
            {
                "price_components": [
                    {"type": "ENERGY", "price": loads("0.36"), "vat": 21, "step_size": 1},
                    {"type": "FLAT", "price": loads("0.35"), "vat": 21, "step_size": 1},
                ]
            },
            {
                "price_components": [
                    {"type": "PARKING_TIME", "price": loads("3.00"), "vat": 21, "step_size": 900}
                ],
                "restrictions": {"min_duration": 7200, "start_time": "07:00", "end_time": "23:00"},
            },
        ],
        "last_updated": "2026-10-01T00:00:00Z",
    }
    _file = given("tariff")
    tariff = loads(Path(_file).read_bytes()) if _file else day_and_night
    return (tariff,)


@app.cell
def _(dumps, mo, tariff):
    mo.md(f"""
    # Tariffs at work
    The tariff, as OCPI writes it. Money is in its currency, energy in kWh; every amount below is
    reckoned by the engine that prices invoices.

    ```json
    {dumps(tariff)}
    ```
    """)
    return


@app.cell
def _(mo):
    mo.md("""## What the linter says""")
    return


@app.cell
def _(dumps, lint_frame, pl, tariff):
    findings = lint_frame(pl.DataFrame({"tariff": [dumps(tariff)]}))
    findings.select("severity", "code", "pointer", "message")
    return (findings,)


@app.cell
def _(mo):
    mo.md("""
    ## CDRs, priced
    Without CDRs of your own, charges are imagined: so many kWh at so many kW from a local time on,
    then so many minutes parked.
    """)
    return


@app.cell
def _(Path, generate_frame, given, pl, tariff, zone):
    _file = given("cdrs")
    if _file:
        _texts = [line for line in Path(_file).read_text("utf-8").splitlines() if line.strip()]
        cdrs = pl.DataFrame({"cdr": _texts})
    else:
        _charges = pl.DataFrame(
            {
                "start": [
                    "2026-10-05T08:20",
                    "2026-10-05T16:20",
                    "2026-10-06T18:20",
                    "2026-10-07T20:20",
                    "2026-10-08T23:20",
                    "2026-10-10T12:20",
                ],
                "energy_kwh": ["9.5", "31.2", "18", "42.75", "6.1", "24"],
                "power_kw": ["7.4", "11", "11", "22", "3.7", "11"],
                "parked_minutes": [0, 95, 0, 20, 0, 480],
            }
        )
        cdrs = generate_frame(_charges, tariff, time_zone=zone).select("cdr")
    return (cdrs,)


@app.cell
def _(cdrs, price_frame, zone):
    prices = price_frame(cdrs, time_zone=zone)
    prices.select(
        "id", "energy_kwh", "time_h", "parking_h", "net", "gross", "currency", "notes", "error"
    )
    return (prices,)


@app.cell
def _(alt, mo, pl, prices):
    _groups = ["energy_net", "time_net", "parking_net", "fixed_net", "reservation_net", "limit_net"]
    parts = (
        prices.filter(pl.col("error").is_null())
        .with_row_index("session", offset=1)
        .unpivot(_groups, index="session", variable_name="part", value_name="cost")
        .filter(pl.col("cost") != 0)
        .with_columns(pl.col("part").str.strip_suffix("_net"), pl.col("cost").cast(float))
    )
    mo.ui.altair_chart(
        alt.Chart(parts)
        .mark_bar()
        .encode(
            x=alt.X("session:O", title="session"),
            y=alt.Y("cost:Q", title="before tax"),
            color=alt.Color("part:N", title="part"),
            tooltip=["session:O", "part:N", "cost:Q"],
        )
        .properties(width="container", height=260),
        chart_selection=False,
    )
    return (parts,)


@app.cell
def _(mo):
    mo.md("""## One of them, in words""")
    return


@app.cell
def _(mo):
    language = mo.ui.dropdown(["en", "de", "nl", "fr"], value="en", label="language")
    language
    return (language,)


@app.cell
def _(cdrs, explain, language, markdown, mo, pl, prices, zone):
    _priced = prices.with_columns(cdrs["cdr"]).filter(pl.col("error").is_null())
    mo.stop(_priced.is_empty(), mo.md("None of the CDRs has a price: see the errors above."))
    dearest = _priced.sort("gross", descending=True, maintain_order=True)["cdr"][0]
    words = markdown(explain(dearest, language.value, time_zone=zone))
    mo.md(words)
    return (words,)


@app.cell
def _(mo):
    mo.md("""## Its price list: typical stops in each window of a week""")
    return


@app.cell
def _(date, price_table_frame, tariff, zone):
    stops = price_table_frame(tariff, time_zone=zone, on=date(2026, 10, 5))
    stops.select("window", "power", "energy_kwh", "minutes", "parked_minutes", "gross", "currency")
    return (stops,)


if __name__ == "__main__":
    app.run()
