"""What the paper reports, for comparison: Qwen3-4B on AMC23, 400 rollouts (40 problems × 10).

Second hand: taken from notes on arXiv:2604.14142, for another model and another task. Nothing here
is measured by prerl, and no figure shows these values without saying so.
"""

LABEL = "paper: Qwen3-4B,\nreported, 2nd hand"
COSINE_MEAN = 0.44
INNER_PRODUCT_MEAN, INNER_PRODUCT_MIN, INNER_PRODUCT_MAX = 9.23, 0.94, 46.18
NEGATIVE_FRACTION = 0.0
LOGP_GAP_MEAN = 0.16
