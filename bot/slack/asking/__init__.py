"""What people ask: commands, mentions, shortcuts, the Home tab, and the answers."""
