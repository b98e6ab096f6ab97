"""Drift: what TikTok or the sources have become since the last apply, without anyone changing the files."""
