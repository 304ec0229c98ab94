-- Invoices that can't be posted: lines that don't sum to net, VAT that doesn't sum per rate, totals
-- that don't add up, content that isn't what was issued, a CDR invoiced twice.
WITH own AS (
    SELECT * FROM invoice WHERE day BETWEEN $first AND $last
),
line AS (
    SELECT number, sum(net) AS net FROM invoice_line GROUP BY number
),
rate AS (
    SELECT number, sum(t.net) AS net, sum(t.tax) AS tax
    FROM (SELECT number, unnest(taxes) AS t FROM own)
    GROUP BY number
)
SELECT o.number AS id, 'not what was issued, or totals do not add up' AS problem
FROM own AS o
LEFT JOIN line AS l ON l.number = o.number
LEFT JOIN rate AS r ON r.number = o.number
WHERE o.content_sha256 <> o.decided_sha256
    OR o.net <> l.net OR o.net <> r.net OR o.tax <> r.tax OR o.gross <> o.net + o.tax
    OR l.net IS NULL
UNION ALL
SELECT l.cdr_id, 'invoiced on ' || string_agg(DISTINCT l.number, ', ' ORDER BY l.number)
FROM invoice_line AS l
WHERE EXISTS (SELECT 1 FROM own)
GROUP BY l.cdr_id
HAVING count(DISTINCT l.number) > 1
ORDER BY id
