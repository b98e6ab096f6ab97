"""Plans, drift, status and outcomes for people and for programs. Pure: prints to the console it is handed.

Text from outside is shown harmlessly everywhere (`visible`); whoever prints such text elsewhere passes it
through there too.
"""
