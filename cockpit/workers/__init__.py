"""Engines in processes of their own, watched over and started again."""
