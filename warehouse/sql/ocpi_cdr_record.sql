-- The whole CDRs (canonical JSON) of the given ids.
SELECT
    cdr_id,
    record
FROM cdr
WHERE list_contains($cdr_ids, cdr_id)
