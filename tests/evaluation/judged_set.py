"""With what the programs of the corpus run: seed, rate and lifetime (factors), and rounds.

The judged set was chosen before the score was tuned on anything of the corpus, and has not been
changed since; tuning uses the other one.
"""

import collections

Setting = collections.namedtuple("Setting", "seed rate lifetime rounds")

JUDGED = (
    Setting(910331, 1.0, 1.0, 140),
    Setting(910332, 0.5, 1.6, 140),
    Setting(910333, 2.0, 0.6, 140),
    Setting(910334, 0.8, 0.5, 280),
    Setting(910335, 1.6, 2.0, 140),
)
TUNING = (
    Setting(17, 1.0, 1.0, 140),
    Setting(18, 0.6, 1.4, 140),
    Setting(19, 1.7, 0.7, 140),
    Setting(20, 1.2, 0.5, 210),
    Setting(21, 0.9, 1.9, 140),
)
