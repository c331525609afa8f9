"""Where function packages come from, and how one is read: locate, fetch, unpack, understand."""
