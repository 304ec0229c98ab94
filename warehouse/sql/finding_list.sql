-- Findings, gravest first, then as the log has them, each with the entry it rests on.
SELECT
    severity,
    rule,
    station,
    session_id,
    origin || ':' || index AS entry,
    strftime(known_at, '%Y-%m-%dT%H:%M:%SZ') AS known_at,
    message
FROM finding
WHERE
    ($rule = '' OR rule = $rule)
    AND ($severity = '' OR severity = $severity)
    AND ($session = '' OR session_id = $session)
ORDER BY
    CASE severity WHEN 'hold' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
    finding.known_at, origin, index, rule, session_id, message
