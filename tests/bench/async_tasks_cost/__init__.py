"""What the six utilities cost beside the straightforward form and other libraries."""
