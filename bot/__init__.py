"""wsdiag: watches Socket.IO and WebSocket backends and names the cause when they fail."""

__version__ = "0.1.0"
