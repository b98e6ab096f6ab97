"""Reads the four inputs of a plan: what is declared, what TikTok has, what is owned, and who is wanted."""
