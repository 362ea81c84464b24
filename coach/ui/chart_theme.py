"""The colour of what stands beside the marks of a plot: labels, titles and legends, in light and in dark.

Comes in: nothing. Importing it makes it Altair's theme, under which every plot of the program is written. Streamlit
adds its own look around that, whose labels in light are too pale for small print: 3.6 to 1 against the page, where 4.5
is wanted. It knows no plot.
"""

from __future__ import annotations

import altair as alt

QUIET = {"expr": "luminance(background) > 0.5 ? '#62676b' : '#a3abab'"}
"""The quiet text of either page, as in config.toml. Which page it is on, a plot learns from its background, which
Streamlit paints in the browser."""


@alt.theme.register("coach", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    written = {"labelColor": QUIET, "titleColor": QUIET}
    return {"config": {"axis": written, "legend": written, "header": written}}  # type: ignore[typeddict-item]
