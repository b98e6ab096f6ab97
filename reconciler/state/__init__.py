"""What this tool owns: the state document, the store it lives in, and the lock that guards it.

Nothing is imported here, so that `reconciler.state.model` stays free of I/O for those who only read values.

- `reconciler.state.model`: the nouns.
- `reconciler.state.change`: the verbs, each from one `State` to the next; pure.
- `reconciler.state.document`: `State` to and from the bytes of ``state.json``: its values are `reconciler.state.tree`,
  and `reconciler.state.earlier` reads what earlier versions wrote.
- `reconciler.state.history_model`, `reconciler.state.history`: what applies have seen, to and from ``history.json``.
- `reconciler.state.store`: the seam to where things are kept; `reconciler.state.local` is a directory.
- `reconciler.state.lock`, `reconciler.state.liveness`: one writer at a time, and when a dead one's lock may be taken.
- `reconciler.state.sets`: sets of hashed members: snapshots and what saved plans wait to deliver.
- `reconciler.state.repository`: all of it together; start at `open_state`.
"""
