"""The only place that knows pygls."""
