"""German."""

from billing.explain.language import Language

PHRASES = {
    "title": "Was dieser Ladevorgang kostet, und warum",
    "title_credit": "Was für diesen Ladevorgang gutgeschrieben wird, und warum",
    "cdr": "CDR {id}",
    "when": "{date}, {span}",
    "when_days": "{start_date}, {start} Uhr, bis {end_date}, {end} Uhr",
    "zone": "Ortszeit, {zone}, {offset}",
    "clock_changed": "Während des Ladevorgangs werden die Uhren umgestellt; alle Zeiten sind so "
    "angegeben, wie die Uhr vor Ort sie zeigt.",
    "delivered": "{energy} in {time}",
    "pays": "Zu zahlen: {gross}. Das sind {net} netto und {tax} Steuer.",
    "pays_untaxed": "Zu zahlen: {gross}. Es fällt keine Steuer an.",
    "pays_gross": "Zu zahlen: {gross} einschließlich Steuer.",
    "pays_nothing": "Es ist nichts zu zahlen.",
    "credits": "Gutschrift: {gross}. Das sind {net} netto und {tax} Steuer.",
    "credits_untaxed": "Gutschrift: {gross}. Es fällt keine Steuer an.",
    "credits_gross": "Gutschrift: {gross} einschließlich Steuer.",
    "rounded": "Genau gerechnet sind es {net} netto und {gross} brutto; gerundet wird einmal, ganz "
    "am Ende.",
    "rounded_about": "Ungerundet sind es etwa {net} netto und {gross} brutto; "
    "gerundet wird einmal, ganz am Ende.",
    "prices_with_tax": "Alle Preise verstehen sich einschließlich Steuer.",
    "prices_before_tax": "Alle Preise verstehen sich ohne Steuer.",
    "claimed": "Der CDR selbst nennt {stated}; erklärt wird hier, was Tarif und Mengen ergeben.",
    "positions": "Posten für Posten",
    "sums": "Zusammenfassung",
    "notes": "Gut zu wissen",
    "decisions": "Was der Standard offenlässt und wie es entschieden wurde",
    "decision_own": "(gewählt)",
    "decision_default": "(Vorgabe)",
    "before_tax": "Netto",
    "tax": "Steuer",
    "after_tax": "Brutto",
    "total": "Summe",
    "exact": "Ungerundet",
    "group_energy": "Energie",
    "group_time": "Ladezeit",
    "group_parking": "Standzeit",
    "group_fixed": "Pauschalen",
    "group_reservation": "Reservierung",
    "group_limit": "Preisgrenze",
    "name_energy": "Energie",
    "name_time": "Ladezeit",
    "name_parking_time": "Standzeit",
    "name_flat": "Pauschale",
    "name_reserved": "Reservierung",
    "name_reserved_flat": "Reservierungspauschale",
    "name_min": "Mindestpreis",
    "name_max": "Höchstpreis",
    "what_energy": "Energiepreis",
    "what_time": "Preis der Ladezeit",
    "what_parking_time": "Preis der Standzeit",
    "what_flat": "Pauschale",
    "span": "von {start} bis {end} Uhr",
    "within": "innerhalb der Zeit {span}",
    "span_on_day": "am {date} von {start} bis {end} Uhr",
    "span_days": "vom {start_date}, {start} Uhr, bis zum {end_date}, {end} Uhr",
    "spans_many": "in {count} Abschnitten {span}",
    "at": "um {time} Uhr",
    "at_day": "am {date} um {time} Uhr",
    "and": "{before} und {last}",
    "measured_energy": "Der Zähler hat {amount} erfasst, {when}.",
    "measured_time": "Das Fahrzeug hat {amount} lang geladen, {when}.",
    "measured_parking_time": "Das Fahrzeug war {amount} lang angeschlossen, ohne zu laden, {when}.",
    "measured_reserved": "Der Ladepunkt war {amount} lang für Sie reserviert, {when}.",
    "measured_flat": "Diese Pauschale fällt einmal an, {when}.",
    "imputed": "Ein Teil der Menge wurde zwischen zwei Zählerständen anteilig ermittelt.",
    "share": "Das ist, nach Zeit anteilig, ein Teil dessen, was in einem Stück erfasst wurde.",
    "billed_same": "Genau das wird abgerechnet.",
    "billed_step": "Abgerechnet werden {billed}: Der Tarif gilt für volle Blöcke von {step}, "
    "daher kamen {surplus} hinzu, um den letzten zu füllen.",
    "billed_step_shared": "Abgerechnet werden {billed}: Blöcke von {step} werden einmal für den "
    "ganzen Ladevorgang gefüllt; was dazu fehlte, {surplus}, kommt hier hinzu, wo er endete.",
    "billed_nothing": "Ins Netz zurückgespeiste Energie wird nicht abgerechnet.",
    "cost": "{billed} zu {price} ergeben {net}.",
    "cost_flat": "Sie beträgt {net}.",
    "cost_gross": "{billed} zu {price} einschließlich Steuer ergeben {gross}.",
    "cost_flat_gross": "Sie beträgt {gross} einschließlich Steuer.",
    "taxed": "Mit {rate} Steuer ({tax}) sind das {gross}.",
    "taxed_within": "Darin sind {tax} Steuer zu {rate} enthalten.",
    "untaxed": "Steuer kommt nicht hinzu.",
    "per_energy": "{price} je kWh",
    "per_time": "{price} je Stunde",
    "limit_min": "Der Ladevorgang kostet nach Tarif mindestens {limit}. Die übrigen Posten ergeben "
    "weniger, daher kommt hinzu: {net} netto und {tax} Steuer.",
    "limit_max": "Der Ladevorgang kostet nach Tarif höchstens {limit}. Die übrigen Posten ergeben "
    "mehr, daher wird abgezogen: {net} netto und {tax} Steuer.",
    "limit_before": "{net} netto",
    "limit_both": "{net} netto und {gross} brutto",
    "rule_always": "Der Preis steht in Element {element} von {elements} des Tarifs {tariff}, das "
    "jederzeit gilt.",
    "rule_when": "Der Preis steht in Element {element} von {elements} des Tarifs {tariff}; es gilt "
    "{conditions}.",
    "rule_passed": "Element {element} käme vorher, gilt aber nur {conditions}.",
    "rule_passed_many": "Die {count} Elemente davor, die einen solchen Preis haben, galten zu "
    "dieser Zeit nicht.",
    "days": "{days}",
    "days_range": "{first} bis {last}",
    "clock_between": "zwischen {start} und {end} Uhr",
    "clock_wraps": "zwischen {start} Uhr und {end} Uhr am Folgetag",
    "clock_from": "ab {start} Uhr",
    "clock_until": "vor {end} Uhr",
    "clock_all_day": "ganztägig",
    "clock_never": "zu keiner Tageszeit",
    "date_on": "am {date}",
    "date_between": "vom {start} bis einschließlich {end}",
    "date_from": "ab dem {start}",
    "date_until": "bis einschließlich {end}",
    "date_empty": "vom {start} bis zum selben Tag",
    "kwh_between": "solange zwischen {low} und {high} geladen sind",
    "kwh_from": "sobald {low} geladen sind",
    "kwh_below": "bis {high} geladen sind",
    "duration_between": "{low} bis {high} nach Beginn",
    "duration_from": "ab {low} nach Beginn",
    "duration_below": "in den ersten {high}",
    "power_between": "bei mindestens {low}, aber weniger als {high} Leistung",
    "power_from": "bei mindestens {low} Leistung",
    "power_below": "bei weniger als {high} Leistung",
    "current_between": "bei mindestens {low}, aber weniger als {high} Stromstärke",
    "current_from": "bei mindestens {low} Stromstärke",
    "current_below": "bei weniger als {high} Stromstärke",
    "reservation": "für eine Reservierung",
    "reservation_expires": "für eine Reservierung, die nicht genutzt wurde",
    "booking": "für eine Buchung",
    "booking_expires": "für eine Buchung, die nicht genutzt wurde",
    "booking_cancellation_fees": "für eine Buchung, die storniert wurde",
    "booking_overtime": "für die Zeit über das gebuchte Zeitfenster hinaus",
    "period": "Abschnitt {number}, {at}",
    "place_element": "Element {element} des Tarifs",
    "place_element_of": "Element {element} des Tarifs {tariff}",
    "place_price": "{place}, {what}",
}

NOTES = {
    "element_choice_differs": "OCPI 2.1.1 lässt sich auch so lesen, dass das erste geltende "
    "Element alle Preise bestimmt; das ergäbe hier einen anderen Preis.",
    "limits_from_start_tariff": "Es galten mehrere Tarife; Mindest- und Höchstpreis sind die eines "
    "von ihnen.",
    "negative_energy": "Energie wurde ins Netz zurückgespeist; sie wird nicht vergütet.",
    "negative_tax": "Die Preisgrenzen ergeben nach Steuer weniger als davor.",
    "negative_time": "Eine Zeit unter null wurde angegeben; sie wird nicht abgerechnet.",
    "no_price_component": "Wofür der Tarif sonst einen Preis hat, ist hier kostenlos, weil kein "
    "Element mit einem solchen Preis galt.",
    "period_spans_price_change": "Der Preis ändert sich innerhalb dieses Abschnitts; der Preis zu "
    "seinem Beginn gilt für den ganzen Abschnitt.",
    "period_without_tariff": "Ein Abschnitt nennt keinen Tarif.",
    "periods_disagree_with_stamps": "Die Abschnitte reichen nicht genau vom Beginn bis zum Ende "
    "des Ladevorgangs.",
    "periods_out_of_order": "Ein Abschnitt beginnt vor dem, der vor ihm steht.",
    "periods_outside_validity": "Ein Tarif wurde außerhalb seiner Gültigkeit verwendet.",
    "reservation_and_time_steps": "Reservierungszeit und Ladezeit werden beide in Blöcken "
    "abgerechnet.",
    "step_flip_by_rounding": "Die angegebene Zeit liegt so nah an einem vollen Block, dass ihre "
    "Rundung auf vier Nachkommastellen einen Block mehr oder weniger ausgemacht haben kann.",
    "step_once_per_session": "OCPI 2.1.1 sagt nicht, wie oft Blöcke gefüllt werden.",
    "straddling_bound": "Leistung oder Stromstärke überschritt innerhalb eines Abschnitts eine "
    "Schwelle des Tarifs.",
    "tax_included_without_rate": "Die Preise enthalten Steuer, aber der Tarif nennt keinen "
    "Steuersatz: Der Nettobetrag lässt sich nicht angeben.",
    "time_step_target": "Nach einer Standzeit wurde weiter geladen; damit ist offen, welche der "
    "beiden Zeiten aufgerundet wird.",
    "total_clamped": "Der Mindest- oder Höchstpreis des Tarifs bestimmt die Summe.",
    "unattributed_tax": "Eine Preisgrenze bestimmt eine Steuer, für die kein Satz angegeben ist.",
    "unknown_bound": "Der Tarif hängt von Leistung oder Stromstärke ab, doch gemessen wurde keine.",
    "several_versions": "Mehrere Fassungen eines Tarifs gelten zugleich; verwendet wurde die "
    "erste.",
    "unknown_tariff": "Ein Abschnitt nennt einen Tarif, der nicht vorliegt; ein anderer wurde "
    "verwendet.",
    "connector_id_form": "Der Anschluss hat einen Namen, der keine Zahl ist.",
    "credit_energy_sign": "Die Gutschrift gibt ihre Energie negativ an; sie wird positiv gelesen.",
    "credit_mixed_signs": "Mengen der Gutschrift liegen über und unter null; sie werden gelesen, "
    "wie sie dastehen.",
    "credit_sign": "Die Summe einer Gutschrift sollte negativ sein, diese ist es nicht.",
    "credit_time_sign": "Die Gutschrift gibt ihre Zeiten negativ an; sie werden positiv gelesen.",
    "currency_differs": "Der CDR nennt eine andere Währung als sein Tarif; die des Tarifs gilt.",
    "dimension_case": "Die Art einer Menge ist nicht in Großbuchstaben geschrieben; sie zählt "
    "trotzdem.",
    "duplicate_dimension": "Ein Abschnitt nennt dieselbe Größe zweimal; beide werden addiert.",
    "empty_list": "Eine Liste, die etwas enthalten sollte, ist leer.",
    "energy_not_in_periods": "Der CDR gibt als Summe mehr Energie an als in seinen Abschnitten; "
    "der Rest wird nicht abgerechnet.",
    "integer_form": "Eine ganze Zahl ist mit Nachkommastellen geschrieben.",
    "mixed_period": "Ein Abschnitt enthält mehrere Arten von Zeit.",
    "needless_null": "Ein Feld ohne Wert hätte weggelassen werden sollen.",
    "not_understood": "Ein Feld, von dem der Preis nicht abhängt, war nicht zu verstehen.",
    "number_as_text": "Ein Text ist als Zahl geschrieben.",
    "parking_time_not_in_periods": "Der CDR gibt als Summe mehr Standzeit an als in seinen "
    "Abschnitten; der Rest wird nicht abgerechnet.",
    "period_time_differs": "Die Zeit, die ein Abschnitt angibt, ist nicht die, die er dauerte; "
    "abgerechnet wird die angegebene.",
    "price_shape": "Ein Betrag ist so geschrieben wie in einer anderen Version von OCPI.",
    "required_field": "Pflichtfelder fehlen; der Preis hängt nicht von ihnen ab.",
    "reservation_never_used": "Es gibt nur reservierte Zeit: Die Reservierung wurde nicht genutzt.",
    "restrictions_as_list": "Bedingungen stehen in einer Liste; ihr einziger Eintrag gilt.",
    "session_only": "Eine Größe, die in eine Session und nicht in einen CDR gehört, bleibt außer "
    "Acht.",
    "string_number": "Eine Zahl steht in Anführungszeichen.",
    "tariff_given": "Abgerechnet wird nach einem gesondert angegebenen Tarif, nicht nach dem des "
    "CDR.",
    "tariff_of_newer_version": "Der Tarif ist von einer neueren OCPI-Version als der CDR und wird "
    "so gelesen.",
    "time_form": "Eine Uhrzeit ist nicht als HH:MM geschrieben.",
    "time_not_in_periods": "Der CDR gibt als Summe mehr Ladezeit an als in seinen Abschnitten; der "
    "Rest wird nicht berechnet.",
    "timestamp_form": "Ein Zeitstempel ist nicht so geschrieben, wie OCPI es vorsieht.",
    "too_long": "Ein Text oder eine Zahl ist länger, als OCPI erlaubt.",
    "unexpected_field": "Felder, die diese Version von OCPI nicht kennt, bleiben außer Acht.",
    "unknown_dimension": "Ein Abschnitt nennt eine Menge einer Art, die OCPI nicht kennt; sie hat "
    "keinen Preis.",
    "unknown_value": "Ein Wert, den diese Version von OCPI nicht kennt, bleibt außer Acht.",
    "weekday_case": "Ein Wochentag ist nicht in Großbuchstaben geschrieben.",
    "wrong_type": "Ein Feld hat nicht den Typ, den OCPI ihm gibt.",
    "zone_from_configuration": "Es gilt die gesondert angegebene Zeitzone, nicht die des CDR.",
}

POLICIES = {
    "flat_scope": {
        "phase": "Eine Pauschale fällt einmal für den Ladevorgang und einmal für seine "
        "Reservierung an.",
        "session": "Eine Pauschale fällt insgesamt nur einmal an.",
        "activation": "Eine Pauschale fällt jedes Mal an, wenn eine andere zu gelten beginnt.",
    },
    "element_choice": {
        "per_dimension": "Jede Größe nimmt ihren Preis aus dem ersten Element, das einen hat und "
        "gilt.",
        "per_element": "Das erste Element, das gilt, bestimmt alle Preise.",
    },
    "period_spans_price_change": {
        "price_at_start": "Ein Abschnitt über einen Preiswechsel hinweg behält den Preis seines "
        "Beginns.",
        "split_by_time": "Ein Abschnitt über einen Preiswechsel hinweg wird dort geteilt.",
    },
    "period_without_tariff": {
        "first_valid": "Für einen Abschnitt, der keinen Tarif nennt, gilt der erste gültige.",
        "free": "Ein Abschnitt, der keinen Tarif nennt, ist kostenlos.",
    },
    "equal_window": {
        "whole_day": "Gleiche Uhrzeiten für Beginn und Ende bedeuten den ganzen Tag.",
        "never": "Gleiche Uhrzeiten für Beginn und Ende bedeuten: zu keiner Zeit.",
    },
    "zero_step": {
        "no_rounding": "Blockgröße 0 bedeutet, dass Mengen wie gemessen abgerechnet werden.",
        "one": "Blockgröße 0 bedeutet volle Wattstunden und Sekunden.",
    },
    "step_scope": {
        "session": "Blöcke werden einmal für den ganzen Ladevorgang gefüllt.",
        "period": "Blöcke werden in jedem Abschnitt gefüllt.",
    },
    "time_step_target": {
        "parking_when_priced": "Hat die Standzeit einen Preis, wird sie aufgerundet, nicht die "
        "Ladezeit.",
        "last_priced": "Aufgerundet wird die Art von Zeit, die zuletzt einen Preis hatte.",
    },
    "step_counts_unpriced": {
        "no": "Nur was einen Preis hat, füllt einen Block.",
        "yes": "Auch was keinen Preis hat, füllt einen Block.",
    },
    "reservation_step_budget": {
        "separate": "Reservierte Zeit wird für sich aufgerundet.",
        "shared": "Reservierte Zeit und Ladezeit werden zusammen aufgerundet.",
    },
    "missing_bound": {
        "other_bound": "Ist nur die niedrigste oder nur die höchste Leistung (oder Stromstärke) "
        "bekannt, steht sie für beide.",
        "unsatisfied": "Eine Bedingung an eine unbekannte Leistung oder Stromstärke ist nicht "
        "erfüllt.",
        "satisfied": "Eine Bedingung an eine unbekannte Leistung oder Stromstärke ist erfüllt.",
    },
    "straddling_bound": {
        "min_to_min_max_to_max": "Untere Schwellen gelten für die niedrigste Leistung oder "
        "Stromstärke eines Abschnitts, obere für die höchste.",
        "highest": "Alle Schwellen gelten für die höchste Leistung oder Stromstärke eines "
        "Abschnitts.",
    },
    "duration_origin": {
        "session_start": "Dauern zählen ab dem Beginn des Ladevorgangs.",
        "first_period": "Dauern zählen ab dem Beginn des ersten Abschnitts.",
    },
    "vat_missing": {
        "no_vat_applies": "Ein Preis ohne Steuersatz wird nicht besteuert.",
        "zero_rate": "Ein Preis ohne Steuersatz wird mit 0 Prozent besteuert.",
    },
    "money_rounding": {
        "half_away_from_zero": "Die Summe wird kaufmännisch gerundet, die Hälfte aufwärts.",
        "half_even": "Die Summe wird gerundet, die Hälfte zur geraden Ziffer.",
        "half_toward_zero": "Die Summe wird gerundet, die Hälfte abwärts.",
        "away_from_zero": "Die Summe wird aufgerundet.",
        "toward_zero": "Die Summe wird abgerundet.",
    },
    "rounding_unit": {
        "minor_unit": "Die Summe wird auf die kleinste Einheit der Währung gerundet.",
        "four_decimals": "Die Summe wird auf vier Nachkommastellen gerundet.",
        "five_hundredths": "Die Summe wird auf Vielfache von 0,05 gerundet.",
    },
    "clamp_tax": {
        "scaled": "Bestimmt eine Preisgrenze die Summe, werden die Steuern daran angepasst.",
        "one_line": "Bestimmt eine Preisgrenze die Summe, steht der Unterschied in einem Posten "
        "ohne Steuersatz.",
    },
    "limit_tariff": {
        "at_start": "Die Preisgrenzen sind die des Tarifs, der zu Beginn galt.",
        "at_end": "Die Preisgrenzen sind die des Tarifs, der am Ende galt.",
    },
    "volume_rounding": {
        "exact": "Mengen werden genau so abgerechnet, wie sie angegeben sind.",
        "four_decimals": "Mengen werden vor der Abrechnung auf vier Nachkommastellen gerundet.",
        "period_span": "Eine angegebene Zeit, die nur durch die Rundung auf vier Nachkommastellen "
        "von der Länge ihres Abschnitts abweicht, zählt als diese Länge.",
    },
    "negative_energy": {
        "not_credited": "Ins Netz zurückgespeiste Energie wird nicht vergütet.",
        "credited": "Ins Netz zurückgespeiste Energie wird zum Preis der bezogenen vergütet.",
    },
    "total_time_source": {
        "stamps": "Die Gesamtzeit läuft vom Beginn bis zum Ende des Ladevorgangs.",
        "periods": "Die Gesamtzeit ist die Summe der Abschnitte.",
    },
    "period_order": {
        "as_given": "Abschnitte in falscher Reihenfolge werden in der gegebenen abgerechnet.",
        "by_start": "Abschnitte in falscher Reihenfolge werden nach ihrem Beginn abgerechnet.",
    },
    "wrap_weekday": {
        "instant": "Nach Mitternacht zählt der neue Wochentag.",
        "window_start": "Nach Mitternacht zählt der Wochentag, an dem das Zeitfenster begann.",
    },
    "dst_clock": {
        "clock_as_shown": "An Tagen der Zeitumstellung zählt die Uhr, wie sie gezeigt wird.",
        "offset_at_start": "An Tagen der Zeitumstellung zählt die Uhr des Beginns bis zum Ende.",
    },
    "flat_cost_field": {
        "by_element": "Eine Pauschale, die zu einem Preis der Standzeit gehört, zählt zu deren "
        "Kosten.",
        "fixed": "Alle Pauschalen zählen zu den festen Kosten.",
    },
    "duplicate_component": {
        "first": "Von zwei Preisen für dieselbe Größe in einem Element gilt der erste.",
        "last": "Von zwei Preisen für dieselbe Größe in einem Element gilt der letzte.",
    },
    "tax_included_math": {
        "net_from_gross": "Die Preise enthalten Steuer; der Nettobetrag wird herausgerechnet.",
        "tax_on_top": "Steuer wird auf Preise aufgeschlagen, die sie schon enthalten.",
    },
    "empty_date_window": {
        "never": "Gleiche Daten für Beginn und Ende bedeuten: an keinem Tag.",
        "same_day": "Gleiche Daten für Beginn und Ende bedeuten diesen Tag.",
    },
    "day_end_2359": {
        "literal": "Ein Ende um 23:59 Uhr lässt die letzte Minute des Tages aus.",
        "as_2400": "Ein Ende um 23:59 Uhr bedeutet Mitternacht.",
    },
    "time_with_seconds": {
        "to_the_second": "Uhrzeiten mit Sekunden gelten auf die Sekunde.",
        "whole_minute": "Ein Ende mit 59 Sekunden bedeutet die ganze Minute.",
    },
    "zone_source": {
        "location_then_site": "Es gilt die Zeitzone des Standorts, sonst die eingestellte.",
        "site_then_location": "Es gilt die eingestellte Zeitzone, sonst die des Standorts.",
    },
    "unpriced_dimension": {
        "free_with_note": "Energie, für die kein Preis gilt, ist kostenlos.",
        "held": "Gilt für Energie kein Preis, wird der Ladevorgang nicht abgerechnet.",
    },
    "list_restrictions": {
        "one_entry": "Bedingungen in einer Liste mit einem Eintrag gelten.",
        "refused": "Ein Tarif mit Bedingungen in einer Liste wird abgelehnt.",
    },
    "lenient_number": {
        "accepted": "Zahlen in Anführungszeichen werden angenommen.",
        "refused": "Ein Tarif mit Zahlen in Anführungszeichen wird abgelehnt.",
    },
    "unknown_fields": {
        "no_effect": "Unbekannte Felder haben keine Wirkung.",
        "refused": "Ein Tarif mit unbekannten Feldern wird abgelehnt.",
    },
}

LANGUAGE = Language(
    code="de",
    decimal=",",
    group=".",
    money="{sign}{amount}\u00a0{symbol}",
    money_by_code="{sign}{amount}\u00a0{symbol}",
    percent="{number}\u00a0%",
    date="{weekday}, {day}. {month} {year}",
    day_month="{day}. {month}",
    clock="{hour:02}:{minute:02}",
    clock_seconds="{hour:02}:{minute:02}:{second:02}",
    hours="h",
    weekdays=(
        "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag",
    ),
    on_days=(
        "montags", "dienstags", "mittwochs", "donnerstags", "freitags", "samstags", "sonntags",
    ),
    months=(
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
        "Oktober", "November", "Dezember",
    ),
    first_of_month="",
    phrases=PHRASES,
    notes=NOTES,
    policies=POLICIES,
)  # fmt: skip
