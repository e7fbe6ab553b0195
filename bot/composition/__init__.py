"""The composition root: settings and flags become the model's objects, and the rooms are joined.

One module per command; only this room and `bot.settings` itself know the settings.
"""
