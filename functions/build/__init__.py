"""From a name to a ready image: find the function, fetch its package, build, and let all callers wait for one row."""
