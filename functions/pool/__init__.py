"""Containers: started for one call, pre-warmed for one, kept for many; and their ends."""
