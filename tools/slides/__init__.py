"""The slides: `notebooks/slides.toml` says what is on them, the notebooks what they show."""
