"""Talking to the target over sockets of our own.

A name is resolved once and the address found is what gets dialled; every exception becomes a
`Reason` in `errors`; nothing is retried, reused, redirected or hidden, since the fault is what the
probes are after. Everything read from outside is bounded in size and in time.

| module | subject |
|---|---|
| `endpoint` | a URL and the client's settings → where to dial and what to ask for |
| `errors` | exception → Reason and Failure, the only place |
| `text` | wire bytes → bounded, printable, scrubbed text |
| `resolve`, `nameserver` | getaddrinfo in a thread of its own; direct DNS queries |
| `addresses` | which addresses are special, and the policy about them |
| `sockets` | TCP connect, ICMP error queue, TCP_INFO |
| `tls`, `certificates` | contexts; what a certificate says |
| `connection` | one connection, plain or TLS, over a plain socket |
| `dial`, `proxy` | racing the addresses of a host; tunnels |
| `http` | one HTTP/1.1 exchange |
| `frames`, `websocket` | RFC 6455 |
| `packets` | Engine.IO and Socket.IO packets |
"""
