"""The dashboard: what the car heard, thought and did. Only this package imports textual."""
