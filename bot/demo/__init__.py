"""The demo: the bot against a strict local Slack workspace and a breakable backend."""
