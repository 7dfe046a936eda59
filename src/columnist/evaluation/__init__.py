"""Measure a back end's answers against labels that people gave: scores per column, two runs compared, a report."""
