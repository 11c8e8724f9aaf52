"""Ways out of the house: mail and chat. Only services.deliver sends."""
