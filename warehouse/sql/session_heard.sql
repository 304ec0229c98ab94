-- The session versions that the log heard of before they started, by the charger's clock, and when:
-- the receive time of the first entry each rests on (a session's sources stand in log order).
SELECT s.session_id, s.version, m.received_ns
FROM (
    SELECT session_id, version, start_at, sources[1] AS source
    FROM session
    WHERE day BETWEEN $first AND $last
) AS s
JOIN message AS m ON m.origin = s.source.origin AND m.index = s.source.index
WHERE m.day <= $last AND m.received_at < s.start_at
