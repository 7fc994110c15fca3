"""The bare programs that the portal is compared with: the least that could do the work."""
