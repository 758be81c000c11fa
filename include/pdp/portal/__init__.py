"""The portal: its own process, its own sign-in; people and partners work here."""
