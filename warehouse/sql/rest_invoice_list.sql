-- Issued invoices, newest first, without their lines.
SELECT
    number,
    series,
    month,
    buyer,
    currency,
    epoch_us(issued_at) AS issued_us,
    epoch_us(due_at) AS due_us,
    lines,
    CAST(net AS VARCHAR) AS net,
    CAST(tax AS VARCHAR) AS tax,
    CAST(gross AS VARCHAR) AS gross
FROM invoice
WHERE
    ($month = '' OR month = $month)
    AND ($buyer = '' OR buyer = $buyer)
ORDER BY issued_at DESC, number DESC
LIMIT $page_size OFFSET $skipped
