"""A local emulator of Rivya v1 and Segmind over real HTTP.

It is the other side of the wire: it imports nothing else of the project, so that it cannot
share the project's mistakes. Start at ``server`` (``running``, ``threaded``, ``serve``).
"""
