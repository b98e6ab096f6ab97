"""Who may act on TikTok: logging in, and keeping what a login gave.

`consent` asks a person for a code and `callback` receives it, `login` makes a token of it, `logins` keeps tokens under
named profiles, and `standing` tells what a token may do, and on which account.
"""
