-- What operators corrected, in the order they said it, and what it came to: sessions billed anew,
-- billed for the first time or not possible to bill so, and the difference before tax by currency.
WITH money AS (
    SELECT r.origin, r.index, c.currency, sum(c.net) AS net
    FROM rerating AS r
    JOIN cdr AS c ON c.day = r.day AND c.cdr_id IN (r.cdr_id, r.credit_id)
    GROUP BY r.origin, r.index, c.currency
),
difference AS (
    SELECT
        origin,
        index,
        string_agg(CAST(net AS DECIMAL(38, 2)) || ' ' || currency, ', ' ORDER BY currency) AS net
    FROM money
    GROUP BY origin, index
),
sessions AS (
    SELECT
        origin,
        index,
        CAST(count_if(credit_id <> '') AS BIGINT) AS changed,
        CAST(count_if(cdr_id <> '' AND credit_id = '') AS BIGINT) AS billed,
        CAST(count_if(cdr_id = '') AS BIGINT) AS rejected
    FROM rerating
    GROUP BY origin, index
)
SELECT
    c.id AS entry,
    strftime(c.known_from, '%Y-%m-%dT%H:%M:%SZ') AS said_at,
    c.reason,
    coalesce(s.changed, 0) AS changed,
    coalesce(s.billed, 0) AS billed,
    coalesce(s.rejected, 0) AS rejected,
    coalesce(d.net, '') AS net_difference
FROM correction AS c
LEFT JOIN sessions AS s ON s.origin = c.origin AND s.index = c.index
LEFT JOIN difference AS d ON d.origin = c.origin AND d.index = c.index
ORDER BY c.known_from, c.origin, c.index
