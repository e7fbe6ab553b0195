"""The way to Slack and back: requests, tokens, pace, people, text."""
