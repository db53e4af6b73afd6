"""What `codectxd doctor` looks at, an area each; every check reads, and none mends."""
