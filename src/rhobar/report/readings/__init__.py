"""Readings of probes: printed, drawn, and as JSON."""

from rhobar.report.readings.page import render_readings, write_readings
from rhobar.report.readings.plain import readings_json
from rhobar.report.readings.terminal import print_readings

__all__ = ["print_readings", "readings_json", "render_readings", "write_readings"]
