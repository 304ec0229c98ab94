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
    OR o.net IS DISTINCT FROM l.net OR o.net IS DISTINCT FROM r.net
    OR o.tax IS DISTINCT FROM r.tax OR o.gross IS DISTINCT FROM o.net + o.tax
UNION ALL
SELECT l.cdr_id, 'invoiced on ' || string_agg(DISTINCT l.number, ', ' ORDER BY l.number)
FROM invoice_line AS l
WHERE l.day <= $last
GROUP BY l.cdr_id
HAVING count(DISTINCT l.number) > 1
UNION ALL
SELECT l.cdr_id, count(*) || ' lines at ' || l.vat_percent || ' % VAT on ' || min(l.number)
FROM invoice_line AS l
WHERE l.day <= $last
GROUP BY l.cdr_id, l.vat_percent
HAVING count(*) > 1
ORDER BY id
