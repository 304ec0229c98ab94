-- Every finding of the days asked for: of frames, of operator entries and of sessions.
SELECT * FROM message_finding WHERE day BETWEEN $first AND $last
UNION ALL BY NAME
SELECT * FROM operator_finding WHERE day BETWEEN $first AND $last
UNION ALL BY NAME
SELECT * FROM session_finding WHERE day BETWEEN $first AND $last
ORDER BY day, origin, index, rule, session_id, known_at, message
