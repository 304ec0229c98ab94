-- Sessions that are not charged exactly once: of the CDRs of each, all but one must be taken back,
-- and none twice. Over the sessions that the days asked for brought a CDR of.
WITH touched AS (
    SELECT DISTINCT session_id FROM cdr WHERE day BETWEEN $first AND $last
)
SELECT
    session_id AS id,
    count_if(NOT credit) || ' CDRs, ' || count_if(credit) || ' credits of '
    || count(DISTINCT credit_reference_id) FILTER (WHERE credit) AS problem
FROM cdr
SEMI JOIN touched USING (session_id)
WHERE day <= $last
GROUP BY session_id
HAVING sum(sign) <> 1
    OR count_if(credit) <> count(DISTINCT credit_reference_id) FILTER (WHERE credit)
ORDER BY id
