"""TikTok audiences managed like infrastructure: declare, plan, review, apply, watch for drift."""

__version__ = "0.1.0"
