"""Findings to read: in the terminal, as one HTML file, as JSON. The only package that draws."""

from rhobar.report.html import render_report, write_report
from rhobar.report.json_report import diagnosis_json
from rhobar.report.terminal import print_diagnosis

__all__ = ["diagnosis_json", "print_diagnosis", "render_report", "write_report"]
