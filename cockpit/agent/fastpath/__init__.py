"""The deterministic fast path: templates to plans, without a model."""
