"""The engines that run the expressions of this room: DuckDB in this process, or Spark."""
