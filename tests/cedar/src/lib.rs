//! Holds access decisions against those of Cedar, an evaluator of policies that others wrote and proved. See `tests`.
