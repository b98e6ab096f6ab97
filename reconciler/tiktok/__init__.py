"""TikTok as it is: the Marketing API v1.3 over HTTP, one module per family of endpoints.

`client` carries requests, `accounts`, `audiences`, `usage` and `streaming` know the endpoints, `parse` turns JSON into
the values of `model`, and `errors` names everything that can go wrong.
"""
