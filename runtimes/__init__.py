"""Runtimes: what turns a language and a version into a Dockerfile and an agent.

Plugins live here and in other distributions alike; nothing below imports Django, docker or the `functions` app.
"""
