"""Questions that an interviewer would ask, and which of their key points an answer in one's own words covers."""
