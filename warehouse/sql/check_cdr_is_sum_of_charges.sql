-- CDRs whose exact cost isn't the sum of their receipt lines, or whose rounded total is a whole
-- minor unit or more away from it. A credit must be the negative of what it credits.
WITH line AS (
    SELECT cdr_id, sum(net) AS net, sum(tax) AS tax
    FROM charge
    WHERE day BETWEEN $first AND $last
    GROUP BY cdr_id
)
SELECT c.cdr_id AS id, 'exact net ' || c.net_exact || ', lines ' || coalesce(l.net, 0) AS problem
FROM cdr AS c
LEFT JOIN line AS l ON l.cdr_id = c.cdr_id
WHERE c.day BETWEEN $first AND $last AND NOT c.credit
    AND (
        abs(c.net_exact - coalesce(l.net, 0)) > 0.000000001
        OR abs(c.tax_exact - coalesce(l.tax, 0)) > 0.000000001
        OR abs(c.net - c.net_exact) > 1
    )
UNION ALL
SELECT c.cdr_id, 'credits ' || c.gross || ' of ' || coalesce(o.gross::VARCHAR, 'no CDR')
FROM cdr AS c
LEFT JOIN cdr AS o ON o.cdr_id = c.credit_reference_id
WHERE c.day BETWEEN $first AND $last AND c.credit
    AND (o.cdr_id IS NULL OR o.credit OR c.net <> -o.net OR c.tax <> -o.tax)
ORDER BY id
