"""The kinds of the victim `growth`: each is the name of the function that allocates."""

LEAKS = ("leaks_all", "leaks_one_percent", "leaks_late", "leaks_lost", "leaks_some_sessions")
OTHERS = (
    "bounded_queue",
    "random_cache",
    "warms_up",
    "sawtooth",
    "temporary_churn",
    "sessions",
    "rising_load",
)
