"""The report on recordings: the comparison with production, and one HTML file."""
