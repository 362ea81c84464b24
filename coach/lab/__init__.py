"""What the RAG Lab works out: the steps of an answer, what changes when one thing changes, what breaks and what catches
it. It uses the pipeline as it is and knows no pages."""
