"""The largest values that the configuration takes, from the environment as from `/configure` and the admin."""

CODE_SIZE_MAX = 1 << 50  # bytes: a pebibyte, far more than one engine holds
POOL_LIMIT_MAX = 10_000  # functions
POOL_NUM_MAX = 1000  # containers of each: an engine's bridge has room for as many
LIFE_TIME_MAX = 7 * 24 * 3600  # seconds: the timers of some languages end at 24 days
