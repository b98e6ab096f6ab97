"""Desired, actual, owned and members in; a plan out. Pure: nothing here reads or writes anything."""
