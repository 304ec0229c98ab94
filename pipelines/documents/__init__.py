"""What an invoice looks like: the JSON document and the PDF, both the same bytes each time."""
