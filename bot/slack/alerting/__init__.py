"""What the bot says by itself: incidents, notices, digests, to channels and people."""
