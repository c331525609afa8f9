"""The container engine: its client (docker.py), the maker of options (host_config.py), the channel to agents."""
