-- Findings by severity.
SELECT severity, count(*) AS found FROM finding GROUP BY severity ORDER BY severity
