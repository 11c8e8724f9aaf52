"""The 26 ways around four eyes that other tools were caught by, each tried here: make bypass."""
