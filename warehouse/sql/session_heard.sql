-- When the log first heard of each session version: the receive time of the earliest entry it rests
-- on. Receive times rise within an origin, so the least index of each origin is enough.
WITH first_of AS (
    SELECT session_id, version, source.origin AS origin, min(source.index) AS index
    FROM (
        SELECT session_id, version, unnest(sources) AS source
        FROM session
        WHERE day BETWEEN $first AND $last
    )
    GROUP BY session_id, version, source.origin
)
SELECT f.session_id, f.version, min(m.received_ns) AS received_ns
FROM first_of AS f
JOIN message AS m ON m.origin = f.origin AND m.index = f.index
WHERE m.day <= $last
GROUP BY f.session_id, f.version
