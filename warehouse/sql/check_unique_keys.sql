-- Keys that occur on more than one day: a CDR, a session version or an invoice number that came to
-- be twice. Within a day the lake itself refuses them.
SELECT cdr_id AS id, 'CDR of ' || string_agg(day::VARCHAR, ', ' ORDER BY day) AS problem
FROM cdr
WHERE day <= $last
GROUP BY cdr_id
HAVING count(*) > 1
UNION ALL
SELECT session_id, 'version ' || version || ' of ' || string_agg(day::VARCHAR, ', ' ORDER BY day)
FROM session
WHERE day <= $last
GROUP BY session_id, version
HAVING count(*) > 1
UNION ALL
SELECT number, 'invoice of ' || string_agg(day::VARCHAR, ', ' ORDER BY day)
FROM invoice
WHERE day <= $last
GROUP BY number
HAVING count(*) > 1
ORDER BY id
