"""The Django project: settings, URLs, the WSGI application and the process supervisor. Wiring only, no rules."""
