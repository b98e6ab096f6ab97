"""A plan becomes true on TikTok and in the state: the only place that writes."""
