"""Questions that a repository answers by itself: what its comments, its history and its tests say of its code.

Nobody has to label anything, so `codectxd eval` can be run on any repository. What a question is made of is taken out of the
copy that is indexed: a comment that was left beside its code would find itself.
"""
