-- Session versions that ended neither as a CDR nor as a rejection, or as both, and CDRs and
-- rejections of no session version. Empty when sessions in = CDRs out + rejections, over
-- all days up to the last of the run. CDRs that a correction brought come on top: each stands in
-- `rerating`, with the credit of the one before, for a session version there is.
WITH corrected AS (
    SELECT * FROM rerating WHERE day <= $last
),
outcome AS (
    SELECT session_id, version, 'cdr' AS kind FROM cdr
    WHERE NOT credit AND day <= $last AND cdr_id NOT IN (SELECT cdr_id FROM corrected)
    UNION ALL
    SELECT session_id, version, 'rejection' AS kind FROM rejection
    WHERE day <= $last
),
sessions_in AS (
    SELECT session_id, version FROM session WHERE day <= $last
)
SELECT
    coalesce(s.session_id, o.session_id) AS id,
    'version ' || coalesce(s.version, o.version) || ' has ' || count(o.kind) || ' outcomes, '
    || count(s.session_id) || ' sessions' AS problem
FROM sessions_in AS s
FULL JOIN outcome AS o ON o.session_id = s.session_id AND o.version = s.version
GROUP BY coalesce(s.session_id, o.session_id), coalesce(s.version, o.version)
HAVING count(o.kind) <> 1 OR count(s.session_id) <> 1
UNION ALL
SELECT
    c.session_id,
    'correction ' || c.origin || ':' || c.index || ' of version ' || c.version || ' is not whole'
FROM corrected AS c
LEFT JOIN sessions_in AS s ON s.session_id = c.session_id AND s.version = c.version
LEFT JOIN cdr AS n ON n.cdr_id = c.cdr_id AND n.day = c.day AND NOT n.credit
LEFT JOIN cdr AS o ON o.cdr_id = c.credit_id AND o.day = c.day AND o.credit
WHERE s.session_id IS NULL
    OR (c.rule = '') <> (n.cdr_id IS NOT NULL)
    OR n.session_id <> c.session_id OR n.version <> c.version
    OR (c.credit_id <> '') <> (o.cdr_id IS NOT NULL)
    OR o.credit_reference_id <> c.credited_id
ORDER BY id
