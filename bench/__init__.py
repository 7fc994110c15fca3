"""`python -m bench`: the portal's speed beside bare programs, in one run on one machine."""
