"""How each kind of database and of store is spoken to. Optional packages are imported here and nowhere else."""
