"""The player: a replay to scrub through, in JupyterLab and in a page without a kernel."""
