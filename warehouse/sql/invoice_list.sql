-- Issued invoices in the order they were issued, without their lines.
SELECT
    number,
    buyer,
    month,
    lines,
    CAST(net AS VARCHAR) AS net,
    CAST(tax AS VARCHAR) AS tax,
    CAST(gross AS VARCHAR) AS gross,
    currency,
    strftime(issued_at, '%Y-%m-%dT%H:%M:%SZ') AS issued_at,
    strftime(due_at, '%Y-%m-%dT%H:%M:%SZ') AS due_at
FROM invoice
WHERE
    ($month = '' OR month = $month)
    AND ($buyer = '' OR buyer = $buyer)
ORDER BY issued_at, number
