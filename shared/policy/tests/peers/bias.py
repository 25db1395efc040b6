# Computes the three metrics of fairness for each list of rows: two by fairlearn's own functions, calibration by its frame.
import json
import sys

from fairlearn.metrics import MetricFrame, demographic_parity_ratio, equalized_odds_difference
from numpy import mean


def gap(labels, scores):
    return abs(mean(scores) - mean(labels))


def metrics(rows):
    group, label, prediction, score = ([row[name] for row in rows] for name in ("group", "label", "prediction", "score"))
    frame = MetricFrame(metrics=gap, y_true=label, y_pred=score, sensitive_features=group)
    return {
        "demographic_parity": demographic_parity_ratio(label, prediction, sensitive_features=group),
        "equalized_odds": 1 - equalized_odds_difference(label, prediction, sensitive_features=group),
        "calibration": 1 - frame.group_max(),
    }


json.dump([metrics(rows) for rows in json.load(sys.stdin)], sys.stdout)
