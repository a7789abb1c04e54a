"""How many schedules are drawn: fifty, always the same; with this profile many, never the same."""

from hypothesis import settings

settings.register_profile("soak", max_examples=2000, print_blob=True)
