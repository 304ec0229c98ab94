"""A first look at the lake: sessions, energy, revenue by party and day, and what was found wrong.

Opens the lake read-only, beside whatever is writing to it. Open it with `wattproof notebook`, or
run it as a script: `python notebooks/first_look.py -- --data DIR`.
"""

import marimo

app = marimo.App(width="medium", app_title="Wattproof · first look")


@app.cell
def _():
    import os
    from pathlib import Path

    import altair as alt
    import marimo as mo

    from warehouse.lake import Lake

    data = Path(mo.cli_args().get("data") or os.environ.get("WATTPROOF_DATA") or "data")
    return Lake, alt, data, mo


@app.cell
def _(Lake, data, mo):
    mo.stop(
        not (data / "lake").is_dir(),
        mo.md(f"No lake at `{data / 'lake'}`. Run `wattproof derive --data {data}` first."),
    )
    lake = Lake(data / "lake").connect()
    return (lake,)


@app.cell
def _(data, mo):
    mo.md(f"""
    # A first look
    Every table here was derived from the log in `{data / "log"}` and can be derived again:
    `wattproof audit replay`. Energy is in kWh, money before tax unless it says gross,
    days are UTC days of the session's end. A credit CDR counts with sign −1.
    """)
    return


@app.cell
def _(lake, mo):
    totals = mo.sql(
        """
        WITH latest AS (
            SELECT * FROM session
            QUALIFY version = max(version) OVER (PARTITION BY session_id)
        ),
        billed AS (
            SELECT sum(sign) AS cdrs, sum(sign * energy_kwh) AS kwh FROM cdr
        )
        SELECT
            (SELECT count(*) FROM message) AS messages,
            (SELECT count(*) FROM latest) AS sessions,
            (SELECT count(*) FROM latest WHERE held) AS held,
            (SELECT sum(energy_wh) FROM latest) / 1000 AS metered_kwh,
            billed.cdrs AS cdrs,
            billed.kwh AS billed_kwh,
            (SELECT count(*) FROM finding) AS findings
        FROM billed
        """,
        engine=lake,
        output=False,
    )
    return (totals,)


@app.cell
def _(mo, totals):
    _row = totals.row(0, named=True)
    mo.hstack(
        [
            mo.stat(value=f"{_row['messages']:,}", label="messages"),
            mo.stat(value=f"{_row['sessions']:,}", label="sessions"),
            mo.stat(value=f"{_row['metered_kwh'] or 0:,.1f}", label="kWh metered"),
            mo.stat(value=f"{_row['cdrs'] or 0:,}", label="CDRs in force"),
            mo.stat(value=f"{_row['billed_kwh'] or 0:,.1f}", label="kWh billed"),
            mo.stat(value=f"{_row['findings']:,}", label="findings"),
        ],
        widths="equal",
    )
    return


@app.cell
def _(mo):
    mo.md("""## Energy by day""")
    return


@app.cell
def _(lake, mo):
    energy = mo.sql(
        """
        SELECT
            CAST(end_at AS DATE) AS day,
            party,
            sum(sign * energy_kwh) AS kwh,
            sum(sign) AS cdrs
        FROM cdr
        GROUP BY ALL
        ORDER BY ALL
        """,
        engine=lake,
        output=False,
    )
    return (energy,)


@app.cell
def _(alt, energy, mo):
    mo.ui.altair_chart(
        alt.Chart(energy.cast({"kwh": float}))
        .mark_bar()
        .encode(
            x=alt.X("day:T", title="day"),
            y=alt.Y("sum(kwh):Q", title="kWh"),
            color=alt.Color("party:N", title="party"),
            tooltip=["day:T", "party:N", "kwh:Q", "cdrs:Q"],
        )
        .properties(width="container", height=260),
        chart_selection=False,
    )
    return


@app.cell
def _(mo):
    mo.md("""## Revenue by party and day""")
    return


@app.cell
def _(lake, mo):
    revenue = mo.sql(
        """
        SELECT
            party,
            currency,
            CAST(end_at AS DATE) AS day,
            sum(net) AS net,
            sum(tax) AS tax,
            sum(gross) AS gross
        FROM cdr
        GROUP BY ALL
        ORDER BY ALL
        """,
        engine=lake,
        output=False,
    )
    return (revenue,)


@app.cell
def _(alt, mo, revenue):
    mo.ui.altair_chart(
        alt.Chart(revenue.cast({"net": float, "tax": float, "gross": float}))
        .mark_line(point=True)
        .encode(
            x=alt.X("day:T", title="day"),
            y=alt.Y("net:Q", title="net"),
            color=alt.Color("party:N", title="party"),
            strokeDash=alt.StrokeDash("currency:N", title="currency"),
            tooltip=["day:T", "party:N", "net:Q", "gross:Q", "currency:N"],
        )
        .properties(width="container", height=260),
        chart_selection=False,
    )
    return


@app.cell
def _(lake, mo):
    by_party = mo.sql(
        """
        SELECT
            party,
            currency,
            sum(sign) AS cdrs,
            CAST(sum(sign * energy_kwh) AS DECIMAL(18, 3)) AS kwh,
            sum(net) AS net,
            sum(tax) AS tax,
            sum(gross) AS gross
        FROM cdr
        GROUP BY ALL
        ORDER BY gross DESC
        """,
        engine=lake,
    )
    return (by_party,)


@app.cell
def _(mo):
    mo.md("""
    ## Findings
    What the chargers did that the reckoning did not take at its word. `hold` means that the
    session is not billed until somebody decides.
    """)
    return


@app.cell
def _(lake, mo):
    findings = mo.sql(
        """
        SELECT
            rule,
            severity,
            count(*) AS findings,
            count(DISTINCT station) AS stations,
            any_value(message ORDER BY origin, index) AS example
        FROM finding
        GROUP BY ALL
        ORDER BY findings DESC, rule
        """,
        engine=lake,
    )
    return (findings,)


@app.cell
def _(alt, findings, mo):
    mo.ui.altair_chart(
        alt.Chart(findings)
        .mark_bar()
        .encode(
            x=alt.X("findings:Q", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("rule:N", sort="-x"),
            color=alt.Color(
                "severity:N",
                scale=alt.Scale(
                    domain=["hold", "warning", "info"], range=["#c0392b", "#e8a33d", "#8fa3b5"]
                ),
            ),
            tooltip=["rule:N", "severity:N", "findings:Q", "stations:Q", "example:N"],
        )
        .properties(width="container"),
        chart_selection=False,
    )
    return


if __name__ == "__main__":
    app.run()
