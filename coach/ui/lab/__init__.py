"""The RAG Lab: one question step by step, changed, broken and mended."""
