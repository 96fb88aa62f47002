"""Planning with a local GGUF chat model (DESIGN §6).

The engine is imported by ``planner`` and ``cascade`` only, and so by the model's own process and
by tools; a session needs ``remote``.
"""
