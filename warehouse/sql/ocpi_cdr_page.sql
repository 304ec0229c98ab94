-- One party's CDRs in one OCPI version, in creation order (log time, id): a page of JSON texts.
-- `day` is the UTC day of `last_updated`; naming it lets whole files be passed over.
SELECT
    epoch_us(last_updated) AS created_us,
    cdr_id,
    object
FROM ocpi_export
WHERE
    ocpi_version = $ocpi_version
    AND party = $party
    AND day BETWEEN $first_day AND $last_day
    AND last_updated >= $date_from
    AND last_updated < $date_to
    AND (
        epoch_us(last_updated) > $after_us
        OR (epoch_us(last_updated) = $after_us AND cdr_id > $after_id)
    )
    AND (
        epoch_us(last_updated) < $upto_us
        OR (epoch_us(last_updated) = $upto_us AND cdr_id <= $upto_id)
    )
ORDER BY last_updated, cdr_id
LIMIT $page_size OFFSET $skipped
