"""Posts reports where the team looks, one comment or one issue each, and finds what earlier runs of CI left."""
