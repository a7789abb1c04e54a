"""What a check has found out, in words, as JSON and as a page."""
