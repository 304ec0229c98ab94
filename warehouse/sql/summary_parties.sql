-- What each party owes for its CDRs, credits subtracted, by currency.
SELECT
    party,
    currency,
    count(*) AS cdrs,
    CAST(sum(sign * energy_kwh) AS DECIMAL(38, 6)) AS energy_kwh,
    CAST(sum(net) AS DECIMAL(38, 4)) AS net,
    CAST(sum(tax) AS DECIMAL(38, 4)) AS tax,
    CAST(sum(gross) AS DECIMAL(38, 4)) AS gross
FROM cdr
GROUP BY party, currency
ORDER BY party, currency
