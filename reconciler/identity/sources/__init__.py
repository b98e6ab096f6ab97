"""Where rows come from: files, object stores, lakes and databases, each opened as a source."""
