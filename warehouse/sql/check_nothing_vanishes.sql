-- Session versions that ended neither as a CDR nor as a rejection, or as both, and CDRs and
-- rejections of no session version. Empty when sessions in = CDRs out + rejections, over
-- all days up to the last of the run.
WITH outcome AS (
    SELECT session_id, version, 'cdr' AS kind FROM cdr
    WHERE NOT credit AND day <= $last
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
ORDER BY id
