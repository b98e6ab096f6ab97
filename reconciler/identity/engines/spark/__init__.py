"""Spark: the engine for people who have outgrown one machine. Needs the extra ``spark``."""

from reconciler.identity.engines.spark.machine import SparkMachine
from reconciler.identity.engines.spark.url import is_spark

__all__ = ["SparkMachine", "is_spark"]
