"""One table for every measurement. Figures of one section come from one run side by side: read the ratios."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """A figure with its unit; `ratio` compares it (`4.1 × the fastest peer`, `limit 1.03`)."""

    section: str
    subject: str
    figure: str
    ratio: str = ""


def print_table(rows: list[Row]) -> None:
    """Print all rows as one table, with a gap between sections."""
    table = Table("Section", "What", "Measured", "Ratio", header_style="bold")
    last = ""
    for row in rows:
        if last and row.section != last:
            table.add_section()
        table.add_row("" if row.section == last else row.section, row.subject, row.figure, row.ratio)
        last = row.section
    Console(width=max(Console().width, 110)).print(table)
