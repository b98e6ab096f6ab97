"""What a `query` may call: functions that only compute.

A read-only transaction keeps tables as they are, and no more: within one, PostgreSQL still reads the server's files,
exports large objects, opens connections elsewhere, waits, and ends other people's sessions, each by a function in a
SELECT. So there is a list of functions that a query may call; what is on none is refused. A view, which the database's
owner has to make, may call anything.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from reconciler.identity.sources.reach import FUNCTIONS

_NAMES: Final = """
any_value approx_count_distinct arbitrary arg_max arg_min array_remove array_upper array_lower array_dims bit_and
bit_or bool_and bool_or btrim char clock_timestamp convert_from convert_to corr count_if countif cume_dist curdate
current_time date date_format date_from_unix_date date_parse datetime dense_rank digest div domain element elt every
field find_in_set first first_value from_unixtime from_utc_timestamp group_concat grouping hmac if iff ifnull iif
inet initcap is_nan isnull jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length
jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_exists jsonb_extract_path
jsonb_extract_path_text jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_path_query_first
jsonb_strip_nulls jsonb_typeof json_agg json_array json_array_elements json_array_elements_text json_build_array
json_build_object json_each json_each_text json_extract_scalar json_format json_group_array json_group_object
json_object json_object_agg json_object_keys json_parse json_quote json_size json_table json_tree json_typeof
julianday justify_days justify_hours justify_interval lag last last_value lead likelihood likely localtime
localtimestamp locate make_interval max median min mode mid nth_value ntile num_nonnulls num_nulls nvl nvl2
parse_json percent_rank percentile_cont percentile_disc quote quote_ident quote_literal quote_nullable rand random
rank regexp_count regexp_like regexp_match regexp_split_to_table regexp_substr regr_count row_number row_to_json sha
sha224 sha2 sha384 sha512 soundex statement_timestamp stddev str_to_date string_agg string_to_table sum sysdate
timestamp timestamp_micros timestamp_millis timestamp_seconds to_char to_date to_hex to_json to_jsonb to_number
to_variant total trim_array try_cast try_to_date try_to_number try_to_timestamp unaccent unistr unix_timestamp
unixepoch unlikely unnest utc_date utc_timestamp uuid variance width_bucket xxhash64 zeroifnull
"""
"""Functions of the databases read from that compute and do nothing else, beside those of a `where`: in each of them
that has one of the name."""
_COMPUTING: Final = FUNCTIONS | frozenset(_NAMES.split())
_REACHING: Final = (
    *(exp.AIClassify, exp.AIEmbed, exp.AIForecast, exp.AIGenerate, exp.AISimilarity, exp.AIAgg, exp.AISummarizeAgg),
    *(
        exp.GenerateBool,
        exp.GenerateDouble,
        exp.GenerateEmbedding,
        exp.GenerateInt,
        exp.GenerateTable,
        exp.GenerateText,
    ),
    *(exp.MLForecast, exp.MLTranslate, exp.Predict, exp.VectorSearch, exp.FeaturesAtTime),
    *(exp.NextValueFor, exp.ReadCSV, exp.ReadParquet, exp.Secret, exp.ToFile, exp.OpenJSON),
)
"""What sqlglot knows by a type of its own and is no mere computation: models elsewhere, files, sequences, secrets."""
_NAMED: Final[dict[type[exp.Expr], str]] = {exp.Operator: "OPERATOR(…)", exp.QueryTransform: "TRANSFORM(…) USING"}
"""What calls a function, or a program, that no name says."""
_BLOATING: Final = (exp.Repeat, exp.Pad, exp.Space, exp.Format, exp.Randstr, exp.GenerateSeries, exp.Reduce)
"""What makes gigabytes out of nothing, where the database runs in this process and the memory is ours."""
_IN_PROCESS: Final = frozenset({"duckdb", "sqlite"})
_COLLECTING: Final[frozenset[type[exp.Func]]] = frozenset(
    {
        *(exp.GroupConcat, exp.ArrayAgg, exp.ArrayConcatAgg, exp.ArrayUnionAgg, exp.ArrayUniqueAgg),
        *(exp.JSONArrayAgg, exp.JSONObjectAgg, exp.JSONBObjectAgg, exp.ObjectAgg),
        *(exp.Median, exp.Mode, exp.Quantile, exp.PercentileCont, exp.PercentileDisc),
    }
)
"""Aggregates that keep every value they are given. DuckDB keeps them beside its ``memory_limit``: 40 million short
texts in a ``string_agg`` take 6 GB. SQLite has a limit for all that it holds."""
_COLLECTING_NAMES: Final = frozenset(
    {
        *("array_agg", "group_concat", "json_agg", "json_group_array", "json_group_object"),
        *("json_object_agg", "jsonb_agg", "jsonb_object_agg", "median", "mode", "percentile_cont"),
        *("percentile_disc", "string_agg"),
    }
)
"""The same, and their like, where sqlglot has no type for them, or they stand behind a dot."""
_SYSTEM_SCHEMAS: Final = frozenset({"pg_catalog", "safe"})
"""Before a function's name: it is the database's own and not somebody's of the same name."""
_SPARK: Final = frozenset({"databricks", "pyspark"})
_FILE_FORMATS: Final = frozenset(
    {
        *("avro", "binaryfile", "cloudfiles", "csv", "delta", "deltasharing", "excel", "hudi", "iceberg"),
        *("image", "json", "libsvm", "orc", "parquet", "text", "xml"),
    }
)
"""What Spark, Databricks and what is added to them take for the format of a file, where a schema could stand
(https://spark.apache.org/docs/latest/sql-data-sources-load-save-functions.html#run-sql-on-files-directly)."""


def refused_call(statement: exp.Expr, dialect: str) -> str | None:
    """Return the first thing that a query calls and may not, or None.

    Args:
        statement: The query.
        dialect: Its SQL, as Ibis calls it.
    """
    for node in statement.walk():
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) and node.name.lower() not in _COMPUTING:
            return node.name
        if isinstance(node, _REACHING) or (dialect in _IN_PROCESS and _bloats(node)):
            return node.key
        if type(node) in _NAMED:
            return _NAMED[type(node)]
        if dialect == "duckdb" and (collecting := _collecting(node)):
            return collecting
        if dialect == "snowflake" and _advances(node):
            return "nextval"
        if isinstance(node, exp.Dot) and dialect != "duckdb" and isinstance(node.expression, exp.Func):
            schema = node.this.name.lower()
            if schema not in _SYSTEM_SCHEMAS:
                return f"{schema}.{node.expression.name or node.expression.key}"
    return None


def file_as_table(statement: exp.Expr) -> str | None:
    """Return the first file that a query reads as if it were a table, or None.

    Databricks and Spark take ``parquet.`/path` `` for one, Snowflake ``@stage/path``, DuckDB ``'path'``.
    """
    names = [table.name for table in statement.find_all(exp.Table)]
    for place in statement.find_all(exp.TableFromRows, exp.DynamicIdentifier):
        if isinstance(place.this, exp.Func):
            continue
        # In Snowflake a stage may stand there: TABLE(@stage), IDENTIFIER('@stage'); and so may a variable that has one.
        names += [f"@{each.name}" for each in place.find_all(exp.Parameter, exp.Placeholder)]
        names += [each.name for each in place.find_all(exp.Literal, exp.RawString)]
    return next((name for name in names if name.startswith("@") or "/" in name or "\\" in name), None)


def format_as_schema(statement: exp.Expr, dialect: str) -> str | None:
    """Return the first table of a query whose schema has the name of a file format, or None: ``csv.people``.

    Databricks and Spark take what stands behind it for a path, unless a catalog stands before it.
    """
    for table in statement.find_all(exp.Table) if dialect in _SPARK else ():
        schema = table.db.lower()
        # Spark takes the name of a class as well: `org.apache.….CSVFileFormat`.
        if not table.catalog and (schema in _FILE_FORMATS or "." in schema):
            return f"{table.db}.{table.name}"
    return None


def _bloats(node: exp.Expr) -> bool:
    # As a table it comes row by row.
    return isinstance(node, _BLOATING) and not isinstance(node.parent, exp.Table | exp.From | exp.Unnest)


def _collecting(node: exp.Expr) -> str | None:
    """Return the name of what gathers values without bound in memory, or None."""
    if isinstance(node, exp.Func) and type(node) in _COLLECTING:
        return node.sql_name().lower()
    if isinstance(node, exp.Anonymous) and node.name.lower() in _COLLECTING_NAMES:
        return node.name
    if isinstance(node, exp.Array) and any(isinstance(each, exp.Query) for each in node.expressions):
        return "ARRAY(SELECT …)"
    if isinstance(node, exp.Window) and node.this.find(exp.Distinct):
        return "DISTINCT … OVER (…)"
    return None


def _advances(node: exp.Expr) -> bool:
    """Return whether it takes a sequence's next number, which Snowflake writes as a column: ``sequence.NEXTVAL``."""
    if isinstance(node, exp.Dot):
        name = str(node.expression.name)
    else:
        name = node.name if isinstance(node, exp.Column) and node.table else ""
    return name.lower() == "nextval"
