-- CDRs whose exact cost isn't the sum of their receipt lines, or whose total isn't that cost
-- rounded: net and gross each to the minor unit of the currency (ISO 4217) or the unit that the
-- receipt's policies name, to the nearest or as they say, tax between the two.
-- A credit must be the negative of what it credits.
WITH line AS (
    SELECT cdr_id, sum(net) AS net, sum(tax) AS tax
    FROM charge
    WHERE day BETWEEN $first AND $last
    GROUP BY cdr_id
),
own AS (
    SELECT
        *,
        CASE
            WHEN contains(record, '["rounding_unit","four_decimals"]') THEN 0.0001
            WHEN contains(record, '["rounding_unit","five_hundredths"]') THEN 0.05
            WHEN currency IN (
                'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI',
                'VND', 'VUV', 'XAF', 'XOF', 'XPF'
            ) THEN 1
            WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 0.001
            WHEN currency IN ('CLF', 'UYW') THEN 0.0001
            ELSE 0.01
        END AS unit,
        CASE
            WHEN contains(record, '["money_rounding","away_from_zero"]') THEN unit
            WHEN contains(record, '["money_rounding","toward_zero"]') THEN unit
            ELSE unit * 0.5
        END AS allowed
    FROM cdr
    WHERE day BETWEEN $first AND $last
)
SELECT c.cdr_id AS id, 'exact net ' || c.net_exact || ', lines ' || coalesce(l.net, 0) AS problem
FROM own AS c
LEFT JOIN line AS l ON l.cdr_id = c.cdr_id
WHERE NOT c.credit
    AND (
        abs(c.net_exact - coalesce(l.net, 0)) > 0.000000001
        OR abs(c.tax_exact - coalesce(l.tax, 0)) > 0.000000001
    )
UNION ALL
SELECT
    c.cdr_id,
    'net ' || c.net || ', tax ' || c.tax || ', gross ' || c.gross || ' of exactly ' || c.net_exact
    || ' and ' || c.tax_exact
FROM own AS c
WHERE c.gross IS DISTINCT FROM c.net + c.tax
    OR abs(c.net - c.net_exact) > c.allowed
    OR abs(c.gross - c.net_exact - c.tax_exact) > c.allowed
    OR abs(c.tax - c.tax_exact) > c.unit
UNION ALL
SELECT c.cdr_id, 'credits ' || c.gross || ' of ' || coalesce(o.gross::VARCHAR, 'no CDR')
FROM own AS c
LEFT JOIN cdr AS o ON o.cdr_id = c.credit_reference_id
WHERE c.credit
    AND (o.cdr_id IS NULL OR o.credit OR c.net <> -o.net OR c.tax <> -o.tax)
ORDER BY id
