"""Sets of members: made, kept in files, compared, and brought together for delivery."""
