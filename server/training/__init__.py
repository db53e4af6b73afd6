"""How the embedded model is made. Not part of the installed package, and never imported by it."""
