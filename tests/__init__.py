"""Tests mirror the code; `worker.py` runs a whole worker for the rings that need one."""
