"""One module per screen; each exposes ``routeur`` and, when it is in the menu, ``MENU``."""
