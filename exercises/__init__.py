"""The app: an organisation's chaos exercises, from plan to finding."""
