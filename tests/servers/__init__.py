"""Real servers for the tests: Node, nginx, haproxy, python-socketio, a CA, a network lab.

Everything listens on loopback at an ephemeral port, is awaited with a deadline and killed at
teardown. The fixtures are in `tests.servers.fixtures`; each can also be used without pytest.
"""
