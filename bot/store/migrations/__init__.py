"""The history of the schema: one file per revision in `versions/`, never edited once released."""
