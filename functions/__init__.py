"""The worker's app: one folder for each step of a call (docs/architecture.md)."""
