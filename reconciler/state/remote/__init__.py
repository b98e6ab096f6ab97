"""The state in a bucket: on S3 and what speaks like it, Google Cloud Storage, or Azure Blob Storage.

- `reconciler.state.remote.opening`: a store from its URL; start at `open_bucket`.
- `reconciler.state.remote.store`: the store itself.
- `reconciler.state.remote.tombstone`: what stands where a lock was removed, since clouds delete unconditionally.
- `reconciler.state.remote.probe`: whether a store can keep a lock at all.
- `reconciler.state.remote.errors`: what can go wrong, in the cloud's own words.
"""
