"""What a `where` may reach: the columns of its row, and functions that only compute on them.

DuckDB has hundreds of functions. Some sleep, write a log, read settings or count on from call to call; some make
gigabytes out of nothing, for which DuckDB's ``memory_limit`` does not hold. A list of the bad ones would be out of date
with the next release, so there is a list of the good ones, and what is on none is refused.

What a `where` calls is read off DuckDB's own syntax tree, so that no other parser's opinion can differ from what runs.
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.identity.errors import WhereError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

_Node: TypeAlias = "dict[str, _Node] | list[_Node] | str | int | float | bool | None"

_NAMES: Final = """
+ - * / // % ** ^ & | << >> ~ || @ ! -> ->> ~~ !~~ ~~* !~~* ~~~ <@ @> && ^@

abs acos add asin atan atan2 cbrt ceil ceiling cos cot degrees divide even exp fdiv floor fmod gcd
greatest_common_divisor isfinite isinf isnan lcm least_common_multiple ln log log10 log2 mod multiply pi pow power
radians round round_even roundbankers sign signbit sin sqrt subtract tan trunc xor

coalesce constant_or_null equi_width_bins greatest ifnull least nullif switch typeof

ascii bit_length char_length character_length chr concat concat_ws contains damerau_levenshtein decode editdist3
encode ends_with formatreadablesize from_base64 from_hex hamming hash instr jaccard jaro_similarity
jaro_winkler_similarity lcase left left_grapheme len length length_grapheme levenshtein like_escape ilike_escape
lower ltrim md5 mismatches nfc_normalize not_ilike_escape not_like_escape octet_length ord parse_dirname
parse_dirpath parse_filename position prefix regexp_escape regexp_extract regexp_extract_all regexp_full_match
regexp_matches regexp_replace regexp_split_to_array replace reverse right right_grapheme rtrim sha1 sha256 split
split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array strip_accents
strlen strpos substr substring substring_grapheme suffix translate trim ucase unhex unicode upper url_decode
url_encode

age century current_date current_localtime current_localtimestamp date_add date_diff date_part date_sub date_trunc
datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms
epoch_ns epoch_us era get_current_time get_current_timestamp hour isodow isoyear julian last_day make_date make_time
make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz microsecond millennium millisecond minute month
monthname nanosecond now quarter second strftime strptime time_bucket timezone timezone_hour timezone_minute
to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months
to_quarters to_seconds to_timestamp to_weeks to_years today transaction_timestamp try_strptime week weekday
weekofyear year yearweek

array_contains array_distinct array_extract array_filter array_has array_has_all array_has_any array_indexof
array_intersect array_length array_position array_slice array_sort array_to_string array_transform array_value
cardinality element_at filter flatten json_array_length json_contains json_exists json_extract json_extract_path
json_extract_path_text json_extract_string json_keys json_type json_valid json_value list_any_value list_apply
list_avg list_bool_and list_bool_or list_concat list_contains list_count list_distinct list_element list_extract
list_filter list_first list_has list_has_all list_has_any list_indexof list_intersect list_last list_max list_median
list_min list_position list_reverse list_slice list_sort list_sum list_transform list_unique list_value list_where
map map_contains map_entries map_extract map_extract_value map_keys map_values row struct_extract struct_extract_at
struct_pack
"""
"""Functions of DuckDB 1.5 that compute on their arguments, make nothing much larger than those, and do nothing else:
operators, mathematics, choices, texts, times, and what is nested."""
FUNCTIONS: Final = frozenset(_NAMES.split())
_GROWING: Final = frozenset(
    {"array_to_string", "array_transform", "list_apply", "list_transform", "regexp_replace", "replace", "url_encode"}
)
"""Those whose result is a multiple of what they get: one in another, and again, would multiply without end."""
_MOST_GROWING: Final = 2
_LONGEST_PIECE: Final = 100
"""Characters of a text that a growing function puts in again and again."""
_CLASSES: Final = frozenset(
    {"COMPARISON", "CONJUNCTION", "CONSTANT", "COLUMN_REF", "CASE", "BETWEEN", "LAMBDA", "COLLATE"}
)
"""Kinds of expressions that are harmless whatever they are of; functions, operators and casts are looked at."""
_OPERATIONS: Final = frozenset(
    {
        *("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "OPERATOR_NULLIF"),
        *("OPERATOR_TRY", "COMPARE_IN", "COMPARE_NOT_IN"),
        *("ARRAY_CONSTRUCTOR", "ARRAY_EXTRACT", "ARRAY_SLICE", "STRUCT_EXTRACT"),
    }
)
_NO_TYPES: Final = frozenset({"ARRAY"})
"""Types of a size that the cast itself says: nulls alone could fill the memory."""


def check_reach(connection: DuckDBPyConnection, where: str) -> None:
    """Check that `where` is one expression that reaches nothing beyond its row. Nothing of it is run.

    Args:
        connection: Any DuckDB; it reads the text.
        where: What a person wrote, in parentheses.

    Raises:
        WhereError: It is more or less than one expression, or calls what may do more than compute.
    """
    try:
        tree = _syntax(connection, f"SELECT {where}")
        if tree is None:
            return  # DuckDB cannot read it either, and will say where and why
        expression = _only_expression(tree, _syntax(connection, "SELECT NULL"))
        for node in _nodes(expression):
            _check(connection, node)
        _check_growth(expression, 0)
    except RecursionError:
        raise WhereError(
            "where is nested too deeply", hint="Split it, or prepare the value as a column of the source."
        ) from None


def _syntax(connection: DuckDBPyConnection, statement: str) -> dict[str, _Node] | None:
    row = connection.execute("SELECT json_serialize_sql(?)", [statement]).fetchone()
    tree: dict[str, _Node] = json.loads(row[0]) if row else {"error": True}
    return None if tree["error"] else tree


def _only_expression(tree: dict[str, _Node], nothing: dict[str, _Node] | None) -> _Node:
    """Return the only thing that `tree` selects; apart from it the statement must be what it is without a `where`."""
    match tree, nothing:
        case (
            {"statements": [{"node": {"select_list": [expression], **rest}, **others}]},
            {"statements": [{"node": {"select_list": _, **bare}, **bare_others}]},
        ) if (rest, others) == (bare, bare_others):
            return expression
    raise WhereError("where is not one boolean expression", hint="For example: where: country = 'US' and orders > 2")


def _nodes(root: _Node) -> Iterator[dict[str, _Node]]:
    """Yield every expression of a tree, and nothing of the values in it."""
    waiting: list[_Node] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "class" in node:
                yield node
            waiting.extend(each for key, each in node.items() if key != "value")
        elif isinstance(node, list):
            waiting.extend(node)


def _check(connection: DuckDBPyConnection, node: dict[str, _Node]) -> None:
    match node:
        case {"class": "FUNCTION", "function_name": str(name), "schema": schema, "catalog": catalog}:
            if schema or catalog or name.lower() not in FUNCTIONS:
                raise _not_allowed(connection, name)
            if node.get("distinct") or node.get("filter") or node.get("order_bys") != _NO_ORDER:
                raise WhereError("where holds an aggregate", hint="It sees one row at a time.")
        case {"class": "OPERATOR", "type": operation} if operation in _OPERATIONS:
            pass
        case {"class": "CAST", "cast_type": type_} if not _holds(type_, _NO_TYPES):
            pass
        case {"class": class_} if class_ in _CLASSES:
            pass
        case _:
            raise WhereError(
                f"where holds {_described(node)}, and it may only compute on one row",
                hint="Prepare what it needs as a column of the source.",
            )


_NO_ORDER: Final[dict[str, _Node]] = {"type": "ORDER_MODIFIER", "orders": []}


def _holds(type_: _Node, ids: frozenset[str]) -> bool:
    if isinstance(type_, dict):
        return type_.get("id") in ids or any(_holds(each, ids) for each in type_.values())
    return isinstance(type_, list) and any(_holds(each, ids) for each in type_)


def _described(node: dict[str, _Node]) -> str:
    named = {
        "SUBQUERY": "a query of its own",
        "WINDOW": "a window function",
        "STAR": "*",
        "PARAMETER": "a parameter",
        "CAST": "a cast to an array of fixed size",
    }
    return named.get(str(node["class"]), "what is no plain expression")


def _check_growth(node: _Node, depth: int) -> None:
    if isinstance(node, list):
        for each in node:
            _check_growth(each, depth)
    elif isinstance(node, dict):
        name = str(node.get("function_name", "")).lower()
        if name in _GROWING and not _shrinks(name, node):
            depth += 1
            if depth > _MOST_GROWING or any(len(text) > _LONGEST_PIECE for text in _texts(node)):
                raise WhereError(
                    f"where could make texts without bound: {name} within others like it, or with a long text",
                    hint="Prepare the value as a column of the source.",
                )
        for each in node.values():
            _check_growth(each, depth)


def _shrinks(name: str, node: dict[str, _Node]) -> bool:
    """Return whether it puts in nothing longer than what it takes out, which only texts written there can tell."""
    match node.get("children"):
        case [_, {"value": {"value": str(searched)}}, {"value": {"value": str(replacement)}}] if name == "replace":
            return len(replacement.encode()) <= len(searched.encode())
    return False


def _texts(node: dict[str, _Node]) -> Iterator[str]:
    """Yield the texts written among a function's arguments."""
    children = node.get("children")
    for child in children if isinstance(children, list) else []:
        match child:
            case {"class": "CONSTANT", "value": {"value": str(text)}}:
                yield text


def _not_allowed(connection: DuckDBPyConnection, name: str) -> WhereError:
    shown = name if name.isprintable() else ascii(name)
    query = "SELECT function_type FROM duckdb_functions() WHERE lower(function_name) = lower(?) LIMIT 1"
    known = connection.execute(query, [name]).fetchone()
    if known is None:
        close = get_close_matches(name.lower(), sorted(filter(str.isidentifier, FUNCTIONS)), n=1)
        return WhereError(
            f"where calls an unknown function {shown}",
            hint=f"Did you mean {close[0]}?" if close else "Most of DuckDB's functions can be used.",
        )
    if known[0] == "aggregate":
        return WhereError("where holds an aggregate", hint="It sees one row at a time; prepare the value as a column.")
    return WhereError(
        f"where may not call {shown}: it could do more than compute on one row, or take memory without bound",
        hint="Compute it in what exports the source, as a column, and use that here.",
    )
