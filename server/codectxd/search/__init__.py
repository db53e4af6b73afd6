"""A pure pipeline over a Reader: query, candidates, fusion, ranking, hits. Does not know that LSP exists."""
