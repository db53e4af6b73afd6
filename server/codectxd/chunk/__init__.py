"""Text in, chunks and symbols out. Pure, and total: no text makes it raise."""
