"""What the sessions of a service do, seen from outside. Looking changes nothing."""
