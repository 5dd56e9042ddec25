"""The OpenAPI 3.1 documents of the APIs for programs, made from what the code reads and answers with."""
