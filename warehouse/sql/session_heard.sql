-- When the log first heard of each session version: the receive time of the first entry it rests on
-- (a session's sources stand in log order).
SELECT s.session_id, s.version, m.received_ns
FROM (
    SELECT session_id, version, sources[1] AS source
    FROM session
    WHERE day BETWEEN $first AND $last
) AS s
JOIN message AS m ON m.origin = s.source.origin AND m.index = s.source.index
WHERE m.day <= $last
