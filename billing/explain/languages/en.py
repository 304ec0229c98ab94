"""English."""

from billing.explain.language import Language

PHRASES = {
    "title": "What this charging session costs, and why",
    "title_credit": "What is credited for this charging session, and why",
    "cdr": "CDR {id}",
    "when": "{date}, {span}",
    "when_days": "{start_date}, {start}, to {end_date}, {end}",
    "zone": "local time, {zone}, {offset}",
    "clock_changed": "The clocks change during the session; times are as the clock on site shows.",
    "delivered": "{energy} in {time}",
    "pays": "To pay: {gross}. That is {net} before tax and {tax} tax.",
    "pays_untaxed": "To pay: {gross}. No tax applies.",
    "pays_gross": "To pay: {gross}, tax included.",
    "pays_nothing": "There is nothing to pay.",
    "credits": "Credited: {gross}. That is {net} before tax and {tax} tax.",
    "credits_untaxed": "Credited: {gross}. No tax applies.",
    "credits_gross": "Credited: {gross}, tax included.",
    "rounded": "To the last digit it is {net} before tax and {gross} with tax; it is rounded once, "
    "at the very end.",
    "rounded_about": "Before rounding it is about {net} before tax and {gross} with tax; "
    "it is rounded once, at the very end.",
    "prices_with_tax": "All prices include tax.",
    "prices_before_tax": "All prices are before tax.",
    "claimed": "The CDR itself states {stated}; explained here is what its tariff and quantities "
    "come to.",
    "positions": "Line by line",
    "sums": "Summary",
    "notes": "Worth knowing",
    "decisions": "What the standard leaves open, and how it was decided",
    "decision_own": "(chosen)",
    "decision_default": "(default)",
    "before_tax": "Before tax",
    "tax": "Tax",
    "after_tax": "With tax",
    "total": "Total",
    "exact": "Unrounded",
    "group_energy": "Energy",
    "group_time": "Charging time",
    "group_parking": "Parking time",
    "group_fixed": "Fixed fees",
    "group_reservation": "Reservation",
    "group_limit": "Price limit",
    "name_energy": "Energy",
    "name_time": "Charging time",
    "name_parking_time": "Parking time",
    "name_flat": "Fixed fee",
    "name_reserved": "Reservation",
    "name_reserved_flat": "Reservation fee",
    "name_min": "Minimum price",
    "name_max": "Maximum price",
    "what_energy": "energy price",
    "what_time": "price of charging time",
    "what_parking_time": "price of parking time",
    "what_flat": "fixed fee",
    "span": "from {start} to {end}",
    "within": "within the time {span}",
    "span_on_day": "on {date} from {start} to {end}",
    "span_days": "from {start_date} at {start} to {end_date} at {end}",
    "spans_many": "in {count} periods {span}",
    "at": "at {time}",
    "at_day": "on {date} at {time}",
    "and": "{before} and {last}",
    "measured_energy": "The meter counted {amount}, {when}.",
    "measured_time": "The vehicle was charging for {amount}, {when}.",
    "measured_parking_time": "The vehicle was connected without charging for {amount}, {when}.",
    "measured_reserved": "The charging point was held for you for {amount}, {when}.",
    "measured_flat": "This fee is due once, {when}.",
    "imputed": "Part of the amount was estimated between two meter readings.",
    "share": "This is a share, in proportion to time, of what was recorded in one piece.",
    "billed_same": "Exactly that is billed.",
    "billed_step": "{billed} are billed: the tariff bills in full blocks of {step}, so {surplus} "
    "were added to fill the last one.",
    "billed_step_shared": "{billed} are billed: blocks of {step} are filled once for the whole "
    "session, and the {surplus} that were missing are added here, where it ended.",
    "billed_nothing": "Energy fed back into the grid is not billed.",
    "cost": "{billed} at {price} come to {net}.",
    "cost_flat": "It costs {net}.",
    "cost_gross": "{billed} at {price}, tax included, come to {gross}.",
    "cost_flat_gross": "It costs {gross}, tax included.",
    "taxed": "With {rate} tax ({tax}) that is {gross}.",
    "taxed_within": "Of that, {tax} is tax at {rate}.",
    "untaxed": "No tax is added.",
    "per_energy": "{price} per kWh",
    "per_time": "{price} per hour",
    "limit_min": "The session costs at least {limit} by the tariff. The other lines come to less, "
    "so this is added: {net} before tax and {tax} tax.",
    "limit_max": "The session costs at most {limit} by the tariff. The other lines come to more, "
    "so this is taken off: {net} before tax and {tax} tax.",
    "limit_before": "{net} before tax",
    "limit_both": "{net} before tax and {gross} with tax",
    "rule_always": "The price stands in element {element} of {elements} of tariff {tariff}, which "
    "applies at any time.",
    "rule_when": "The price stands in element {element} of {elements} of tariff {tariff}, which "
    "applies {conditions}.",
    "rule_passed": "Element {element} would come first, but it applies only {conditions}.",
    "rule_passed_many": "The {count} elements with such a price before it did not apply at that "
    "time.",
    "days": "on {days}",
    "days_range": "from {first_day} to {last_day}",
    "clock_between": "between {start} and {end}",
    "clock_wraps": "between {start} and {end} of the next day",
    "clock_from": "from {start} on",
    "clock_until": "before {end}",
    "clock_all_day": "all day",
    "clock_never": "at no time of the day",
    "date_on": "on {date}",
    "date_between": "from {start} to {end}, both included",
    "date_from": "from {start} on",
    "date_until": "up to and including {end}",
    "date_empty": "from {start} until the same day",
    "kwh_between": "while between {low} and {high} have been charged",
    "kwh_from": "once {low} have been charged",
    "kwh_below": "until {high} have been charged",
    "duration_between": "between {low} and {high} after the start",
    "duration_from": "from {low} after the start on",
    "duration_below": "in the first {high}",
    "power_between": "at {low} of power or more, but less than {high}",
    "power_from": "at {low} of power or more",
    "power_below": "at less than {high} of power",
    "current_between": "at {low} of current or more, but less than {high}",
    "current_from": "at {low} of current or more",
    "current_below": "at less than {high} of current",
    "reservation": "to a reservation",
    "reservation_expires": "to a reservation that was not used",
    "booking": "to a booking",
    "booking_expires": "to a booking that was not used",
    "booking_cancellation_fees": "to a booking that was called off",
    "booking_overtime": "to the time beyond the booked slot",
    "period": "period {number}, {at}",
    "place_element": "element {element} of the tariff",
    "place_element_of": "element {element} of tariff {tariff}",
    "place_price": "{place}, {what}",
}

NOTES = {
    "element_choice_differs": "OCPI 2.1.1 can also be read such that the first element that "
    "applies sets all prices; that would give another price here.",
    "limits_from_start_tariff": "Several tariffs were used; minimum and maximum price are those of "
    "one of them.",
    "negative_energy": "Energy was fed back into the grid; it is not paid for.",
    "negative_tax": "The price limits leave less after tax than before it.",
    "negative_time": "A time below zero was stated; it is not priced.",
    "no_price_component": "Something the tariff prices at other times is free here, because no "
    "element with such a price applied.",
    "period_spans_price_change": "The price changes within this period; the price at its start is "
    "used for all of it.",
    "period_without_tariff": "A period names no tariff.",
    "periods_disagree_with_stamps": "The charging periods do not reach exactly from the start to "
    "the end of the session.",
    "periods_out_of_order": "A period starts before the one before it.",
    "periods_outside_validity": "A tariff was used outside the time it is valid for.",
    "reservation_and_time_steps": "Reserved time and charging time are both billed in blocks.",
    "step_flip_by_rounding": "The stated time is so close to a full block that its rounding to "
    "four decimals may have added or saved one.",
    "step_once_per_session": "OCPI 2.1.1 does not say how often blocks are filled.",
    "straddling_bound": "Power or current crossed a threshold of the tariff within a period.",
    "tax_included_without_rate": "Prices include tax, but the tariff does not say at which rate: "
    "the amount before tax cannot be told.",
    "time_step_target": "Charging went on after parking, which leaves open which of the two times "
    "is rounded up.",
    "total_clamped": "The tariff's minimum or maximum price decides the total.",
    "unattributed_tax": "A price limit sets a tax for which no rate is stated.",
    "unknown_bound": "The tariff depends on power or current, but none was measured.",
    "several_versions": "Several versions of a tariff are valid at once; the first was used.",
    "unknown_tariff": "A period names a tariff that is not at hand; another one was used.",
    "connector_id_form": "The connector has a name that is no number.",
    "credit_energy_sign": "The credit states its energy below zero; it is taken as positive.",
    "credit_mixed_signs": "Quantities of the credit lie above and below zero; they are taken as "
    "written.",
    "credit_sign": "A credit's total should be below zero, this one is not.",
    "credit_time_sign": "The credit states its times below zero; they are taken as positive.",
    "currency_differs": "The CDR names another currency than its tariff; the tariff's counts.",
    "dimension_case": "The kind of a quantity is not written in capitals; it is taken all the "
    "same.",
    "duplicate_dimension": "A period states the same quantity twice; both are added up.",
    "empty_list": "A list that should hold something is empty.",
    "energy_not_in_periods": "The CDR states more energy as a total than in its periods: the rest "
    "is not billed.",
    "integer_form": "A whole number is written with decimals.",
    "mixed_period": "A period holds several kinds of time.",
    "needless_null": "A field without a value should have been left out.",
    "not_understood": "A field that the price does not depend on could not be understood.",
    "number_as_text": "A text is written as a number.",
    "parking_time_not_in_periods": "The CDR states more parking time as a total than in its "
    "periods: the rest is not billed.",
    "period_time_differs": "The time a period states is not the time it lasted; what it states is "
    "billed.",
    "price_shape": "An amount is written as in another version of OCPI.",
    "required_field": "Required fields are missing; the price does not depend on them.",
    "reservation_never_used": "There is only reserved time: the reservation was not used.",
    "restrictions_as_list": "Conditions are written as a list; its one entry is used.",
    "session_only": "A quantity that belongs in a session, not in a CDR, is ignored.",
    "string_number": "A number is written in quotes.",
    "tariff_given": "The price is by a tariff that was given, not by the CDR's own.",
    "tariff_of_newer_version": "The tariff is of a newer version of OCPI than the CDR and is read "
    "as such.",
    "time_form": "A time of day is not written as HH:MM.",
    "time_not_in_periods": "The CDR states more charging time as a total than in its periods: the "
    "rest is not billed.",
    "timestamp_form": "A time stamp is not written as OCPI has it.",
    "too_long": "A text or number is longer than OCPI allows.",
    "unexpected_field": "Fields unknown to this version of OCPI are ignored.",
    "unknown_dimension": "A period states a quantity of a kind that OCPI does not have; it has no "
    "price.",
    "unknown_value": "A value unknown to this version of OCPI is ignored.",
    "weekday_case": "A weekday is not written in capitals.",
    "wrong_type": "A field does not have the type OCPI gives it.",
    "zone_from_configuration": "The time zone used is the one that was given, not the one the CDR "
    "names.",
}

POLICIES = {
    "flat_scope": {
        "phase": "A fixed fee is charged once for the session and once for its reservation.",
        "session": "A fixed fee is charged only once altogether.",
        "activation": "A fixed fee is charged each time another one begins to apply.",
    },
    "element_choice": {
        "per_dimension": "Each quantity takes its price from the first element that has one and "
        "applies.",
        "per_element": "The first element that applies sets all prices.",
    },
    "period_spans_price_change": {
        "price_at_start": "A period across a price change keeps the price of its start.",
        "split_by_time": "A period across a price change is split there, in proportion to time.",
    },
    "period_without_tariff": {
        "first_valid": "A period that names no tariff is priced by the first valid one.",
        "free": "A period that names no tariff is free.",
    },
    "equal_window": {
        "whole_day": "The same time as start and end means the whole day.",
        "never": "The same time as start and end means at no time.",
    },
    "zero_step": {
        "no_rounding": "A block size of 0 means that quantities are billed as measured.",
        "one": "A block size of 0 means whole watt-hours and seconds.",
    },
    "step_scope": {
        "session": "Blocks are filled once for the whole session.",
        "period": "Blocks are filled in each period.",
    },
    "time_step_target": {
        "parking_when_priced": "Where parking is priced, parking time is rounded up, not charging "
        "time.",
        "last_priced": "The kind of time that was priced last is rounded up.",
    },
    "step_counts_unpriced": {
        "no": "Only what has a price fills a block.",
        "yes": "What has no price fills a block, too.",
    },
    "reservation_step_budget": {
        "separate": "Reserved time is rounded up by itself.",
        "shared": "Reserved time and charging time are rounded up together.",
    },
    "missing_bound": {
        "other_bound": "Where only the lowest or the highest power (or current) is known, it "
        "stands for both.",
        "unsatisfied": "A condition on a power or current that is not known does not hold.",
        "satisfied": "A condition on a power or current that is not known holds.",
    },
    "straddling_bound": {
        "min_to_min_max_to_max": "Lower thresholds look at the lowest power or current of a "
        "period, upper ones at the highest.",
        "highest": "All thresholds look at the highest power or current of a period.",
    },
    "duration_origin": {
        "session_start": "Durations count from the start of the session.",
        "first_period": "Durations count from the start of the first charging period.",
    },
    "vat_missing": {
        "no_vat_applies": "A price without a tax rate is not taxed.",
        "zero_rate": "A price without a tax rate is taxed at 0 percent.",
    },
    "money_rounding": {
        "half_away_from_zero": "The total is rounded to nearest, halves up.",
        "half_even": "The total is rounded to nearest, halves to the even digit.",
        "half_toward_zero": "The total is rounded to nearest, halves down.",
        "away_from_zero": "The total is rounded up.",
        "toward_zero": "The total is rounded down.",
    },
    "rounding_unit": {
        "minor_unit": "The total is rounded to the smallest unit of the currency.",
        "four_decimals": "The total is rounded to four decimals.",
        "five_hundredths": "The total is rounded to multiples of 0.05.",
    },
    "clamp_tax": {
        "scaled": "Where a price limit decides, the taxes are scaled to fit it.",
        "one_line": "Where a price limit decides, the difference stands on a line without a rate.",
    },
    "limit_tariff": {
        "at_start": "The price limits are those of the tariff in force at the start.",
        "at_end": "The price limits are those of the tariff in force at the end.",
    },
    "volume_rounding": {
        "exact": "Quantities are priced exactly as they are stated.",
        "four_decimals": "Quantities are rounded to four decimals before they are priced.",
        "period_span": "A stated time that differs from the length of its period only by the "
        "rounding to four decimals counts as that length.",
    },
    "negative_energy": {
        "not_credited": "Energy fed back into the grid is not paid for.",
        "credited": "Energy fed back into the grid is paid for at the price of energy drawn.",
    },
    "total_time_source": {
        "stamps": "The total time runs from the start to the end of the session.",
        "periods": "The total time is what the periods add up to.",
    },
    "period_order": {
        "as_given": "Periods out of order are priced in the order given.",
        "by_start": "Periods out of order are priced in the order of their starts.",
    },
    "wrap_weekday": {
        "instant": "After midnight, the new day's weekday counts.",
        "window_start": "After midnight, the weekday on which the time window began counts.",
    },
    "dst_clock": {
        "clock_as_shown": "On days when the clocks change, the clock as it is shown counts.",
        "offset_at_start": "On days when the clocks change, the clock of the session's start "
        "counts to its end.",
    },
    "flat_cost_field": {
        "by_element": "A fixed fee that comes with a price of parking time counts as parking cost.",
        "fixed": "All fixed fees count as fixed cost.",
    },
    "duplicate_component": {
        "first": "Of two prices for the same quantity in one element, the first counts.",
        "last": "Of two prices for the same quantity in one element, the last counts.",
    },
    "tax_included_math": {
        "net_from_gross": "Prices include tax; the amount before tax is worked out from them.",
        "tax_on_top": "Tax is added to prices that include it already.",
    },
    "empty_date_window": {
        "never": "The same date as start and end means on no day.",
        "same_day": "The same date as start and end means that day.",
    },
    "day_end_2359": {
        "literal": "An end at 23:59 leaves out the last minute of the day.",
        "as_2400": "An end at 23:59 means midnight.",
    },
    "time_with_seconds": {
        "to_the_second": "Times with seconds count to the second.",
        "whole_minute": "An end with 59 seconds means the whole minute.",
    },
    "zone_source": {
        "location_then_site": "The time zone is the location's, else the one configured.",
        "site_then_location": "The time zone is the one configured, else the location's.",
    },
    "unpriced_dimension": {
        "free_with_note": "Energy for which no price applies is free.",
        "held": "Where no price applies to energy, the session is not billed.",
    },
    "list_restrictions": {
        "one_entry": "Conditions in a list of one count.",
        "refused": "A tariff with conditions in a list is refused.",
    },
    "lenient_number": {
        "accepted": "Numbers in quotes are accepted.",
        "refused": "A tariff with numbers in quotes is refused.",
    },
    "unknown_fields": {
        "no_effect": "Unknown fields have no effect.",
        "refused": "A tariff with unknown fields is refused.",
    },
}

LANGUAGE = Language(
    code="en",
    decimal=".",
    group=",",
    money="{sign}{symbol}{amount}",
    money_by_code="{sign}{symbol}\u00a0{amount}",
    percent="{number}%",
    date="{weekday} {day} {month} {year}",
    day_month="{day} {month}",
    clock="{hour:02}:{minute:02}",
    clock_seconds="{hour:02}:{minute:02}:{second:02}",
    hours="h",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    on_days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    first_of_month="",
    phrases=PHRASES,
    notes=NOTES,
    policies=POLICIES,
)  # fmt: skip
