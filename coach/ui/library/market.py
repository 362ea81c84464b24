"""Official pay and outlook: the figures, plotted and as tables, with their caveats and credits.

Comes in: a corpus. Goes out: Streamlit elements and Altair charts. Figures are shown as published; it computes none.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas  # type: ignore[import-untyped]  # noqa: F401 - waits where the encoder's thread is half-way through it
import streamlit as st

from coach.knowledge.corpus import Corpus
from coach.knowledge.market import PERCENTILES, Market, Wage
from coach.knowledge.wording import money, title_start
from coach.ui import chart_theme  # noqa: F401 - how labels are coloured
from coach.ui.render import literal, quiet

ALL_INDUSTRIES = "000000"
COLOUR = "#2b8f83"
ROW_PIXELS = 34
AXIS_PIXELS = 60
"""Of the axis and its title, which the height of a chart holds as well."""
LEVELS = {"EN": "entry", "MI": "mid", "SE": "senior", "ALL": "all levels"}


def show(corpus: Corpus) -> None:
    market, link = corpus.market, corpus.pathway.market
    codes = [code for code in (link.origin, *link.neighbours) if code]
    if not codes and not (link.survey_origin or link.survey_target):
        st.info("No official figures stand for the roles of this pathway.")
        return
    names = {job.soc: title_start(job.name) for job in market.occupations}
    st.subheader("Pay by occupation", anchor=False)
    national = next((area for area in market.areas if area.kind == "National"), None)
    if national is not None:
        wages = [wage for code in codes if (wage := market.wage(code, national.code)) is not None]
        _spread(wages, [names.get(wage.soc, wage.soc) for wage in wages], f"in {national.short}")
    st.subheader("Pay by metro", anchor=False)
    if codes:
        code = st.selectbox("Occupation", codes, format_func=lambda soc: names.get(soc, soc), key="market_occupation")
        areas = {area.code: area.short for area in market.areas if area.kind == "Metro"}
        wages = [
            wage
            for wage in market.wages
            if wage.soc == code and wage.area in areas and wage.industry == ALL_INDUSTRIES
        ]
        wages.sort(key=lambda wage: -(wage.median or 0))
        _spread(wages, [areas[wage.area] for wage in wages], f"of {names.get(code, code).lower()}")
    _outlook(market, codes)
    _survey(market)
    st.subheader("Where the figures come from", anchor=False)
    for source in market.sources:
        st.markdown(
            f"**{literal(source.name)}**, {literal(source.period)}. {literal(source.licence)}.  \n"
            f"{quiet(str(source.url))}"
        )
        st.markdown("\n".join(f"- {literal(caveat)}" for caveat in source.caveats))


def _spread(wages: Sequence[Wage], labels: Sequence[str], of_what: str) -> None:
    """The 10th to the 90th percentile as a thin line, the 25th to the 75th as a thick one, the median as a point."""
    if not wages:
        st.caption("No figures are held for these.")
        return
    rows = [
        {"label": label, **{f"p{p}": value for p, value in zip(PERCENTILES, wage.percentiles, strict=True)}}
        for wage, label in zip(wages, labels, strict=True)
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("label:N", sort=list(labels), title=None, axis=alt.Axis(labelLimit=190, ticks=False, domain=False)),
        tooltip=[alt.Tooltip("label:N", title="What")]
        + [alt.Tooltip(f"p{p}:Q", title=f"{p}th percentile, dollars a year", format=",") for p in PERCENTILES],
    )
    title = "US dollars a year, before tax"
    x = alt.X("p10:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format="~s", labelOverlap=True))
    chart = alt.LayerChart(
        layer=[
            base.mark_rule(strokeWidth=2, opacity=0.6, color=COLOUR).encode(x=x, x2="p90:Q"),
            base.mark_bar(size=9, opacity=0.55, color=COLOUR).encode(x=alt.X("p25:Q", title=title), x2="p75:Q"),
            base.mark_point(filled=True, size=70, opacity=1, color=COLOUR, shape="diamond").encode(
                x=alt.X("p50:Q", title=title)
            ),
        ],
        width="container",
        height=AXIS_PIXELS + ROW_PIXELS * len(rows),
    )
    said = "; ".join(
        f"{label}: median {money(wage.median, 'USD') if wage.median is not None else 'not published'}"
        for wage, label in zip(wages, labels, strict=True)
    )
    st.altair_chart(chart, width="stretch", alt=f"Official pay {of_what}, percentiles. {said}.")
    st.caption("Thin line: 10th to 90th percentile. Bar: 25th to 75th. Diamond: median. Percentiles are no levels.")
    with st.expander("The same as a table", type="compact"):
        st.dataframe(
            [
                {
                    "What": label,
                    **{f"{p}th": value for p, value in zip(PERCENTILES, wage.percentiles, strict=True)},
                    "Mean": wage.mean,
                    "Jobs": wage.employment,
                    "Thin sample": "yes" if wage.thin else "",
                }
                for wage, label in zip(wages, labels, strict=True)
            ],
            hide_index=True,
            alt=f"Official pay {of_what}, in US dollars a year",
            column_config={f"{p}th": st.column_config.NumberColumn(format="$%,d") for p in PERCENTILES}
            | {"Mean": st.column_config.NumberColumn(format="$%,d")},
        )


def _outlook(market: Market, codes: Sequence[str]) -> None:
    found = [one for one in market.outlooks if one.soc in codes]
    if not found:
        return
    st.subheader("Outlook", anchor=False)
    st.dataframe(
        [
            {
                "Occupation": one.occupation,
                f"Jobs {one.start_year}": one.employment_start,
                f"Jobs {one.end_year}": one.employment_end,
                "Change, percent": one.change_percent,
                "Openings a year": one.annual_openings,
                "Openings are of": one.openings_scope,
            }
            for one in found
        ],
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%,d")
            for one in found
            for name in (f"Jobs {one.start_year}", f"Jobs {one.end_year}", "Openings a year")
        },
        alt="Projected jobs and openings by occupation",
    )


def _survey(market: Market) -> None:
    if not market.survey:
        return
    st.subheader("Self-reported pay, by title and level", anchor=False)
    title = st.selectbox("Title", list(dict.fromkeys(row.title for row in market.survey)), key="survey_title")
    st.dataframe(
        [
            {
                "Level": LEVELS[row.level],
                **{f"{p}th": value for p, value in zip(PERCENTILES, row.percentiles, strict=True)},
                "Answers": row.n,
            }
            for row in market.survey
            if row.title == title
        ],
        hide_index=True,
        alt=f"Self-reported pay of {title} by level, in US dollars a year",
        column_config={f"{p}th": st.column_config.NumberColumn(format="$%,d") for p in PERCENTILES},
    )
