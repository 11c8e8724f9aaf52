"""The believable organisation of the demo: data a topic, used by the demo_data command."""
