"""Reports: what a folder of results holds, as one HTML file that works offline."""

from cellfem.report.write import REPORT, ReportError, write_report

__all__ = ["REPORT", "ReportError", "write_report"]
