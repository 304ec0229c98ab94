"""Dutch."""

from billing.explain.language import Language

PHRASES = {
    "title": "Wat deze laadsessie kost, en waarom",
    "title_credit": "Wat voor deze laadsessie wordt gecrediteerd, en waarom",
    "cdr": "CDR {id}",
    "when": "{date}, {span}",
    "when_days": "{start_date}, {start} uur, tot {end_date}, {end} uur",
    "zone": "lokale tijd, {zone}, {offset}",
    "clock_changed": "Tijdens de sessie wordt de klok verzet; alle tijden zijn zoals de klok ter "
    "plaatse ze aangeeft.",
    "delivered": "{energy} in {time}",
    "pays": "Te betalen: {gross}. Dat is {net} exclusief belasting en {tax} belasting.",
    "pays_untaxed": "Te betalen: {gross}. Er is geen belasting verschuldigd.",
    "pays_gross": "Te betalen: {gross} inclusief belasting.",
    "pays_nothing": "Er is niets te betalen.",
    "credits": "Gecrediteerd: {gross}. Dat is {net} exclusief belasting en {tax} belasting.",
    "credits_untaxed": "Gecrediteerd: {gross}. Er is geen belasting verschuldigd.",
    "credits_gross": "Gecrediteerd: {gross} inclusief belasting.",
    "rounded": "Tot op het laatste cijfer is het {net} exclusief en {gross} inclusief belasting; "
    "er wordt één keer afgerond, helemaal aan het eind.",
    "rounded_about": "Onafgerond is het ongeveer {net} exclusief en {gross} inclusief belasting; "
    "er wordt één keer afgerond, helemaal aan het eind.",
    "prices_with_tax": "Alle prijzen zijn inclusief belasting.",
    "prices_before_tax": "Alle prijzen zijn exclusief belasting.",
    "claimed": "De CDR zelf noemt {stated}; hier staat uitgelegd wat tarief en hoeveelheden "
    "opleveren.",
    "positions": "Post voor post",
    "sums": "Samenvatting",
    "notes": "Goed om te weten",
    "decisions": "Wat de standaard openlaat en hoe daarover is beslist",
    "decision_own": "(gekozen)",
    "decision_default": "(standaard)",
    "before_tax": "Excl. belasting",
    "tax": "Belasting",
    "after_tax": "Incl. belasting",
    "total": "Totaal",
    "exact": "Onafgerond",
    "group_energy": "Energie",
    "group_time": "Laadtijd",
    "group_parking": "Parkeertijd",
    "group_fixed": "Vaste bedragen",
    "group_reservation": "Reservering",
    "group_limit": "Prijsgrens",
    "name_energy": "Energie",
    "name_time": "Laadtijd",
    "name_parking_time": "Parkeertijd",
    "name_flat": "Vast bedrag",
    "name_reserved": "Reservering",
    "name_reserved_flat": "Vast bedrag voor reservering",
    "name_min": "Minimumprijs",
    "name_max": "Maximumprijs",
    "what_energy": "energieprijs",
    "what_time": "prijs van laadtijd",
    "what_parking_time": "prijs van parkeertijd",
    "what_flat": "vast bedrag",
    "span": "van {start} tot {end} uur",
    "within": "binnen de tijd {span}",
    "span_on_day": "op {date} van {start} tot {end} uur",
    "span_days": "van {start_date} om {start} uur tot {end_date} om {end} uur",
    "spans_many": "in {count} periodes {span}",
    "at": "om {time} uur",
    "at_day": "op {date} om {time} uur",
    "and": "{before} en {last}",
    "measured_energy": "De meter telde {amount}, {when}.",
    "measured_time": "Het voertuig laadde {amount} lang, {when}.",
    "measured_parking_time": "Het voertuig was {amount} lang aangesloten zonder te laden, {when}.",
    "measured_reserved": "Het laadpunt was {amount} lang voor u gereserveerd, {when}.",
    "measured_flat": "Dit bedrag is één keer verschuldigd, {when}.",
    "imputed": "Een deel van de hoeveelheid is geschat tussen twee meterstanden.",
    "share": "Dit is het deel, naar verhouding van de tijd, van wat in één keer is vastgelegd.",
    "billed_same": "Precies dat wordt in rekening gebracht.",
    "billed_step": "Er wordt {billed} in rekening gebracht: het tarief rekent in hele blokken van "
    "{step}, dus kwam er {surplus} bij om het laatste te vullen.",
    "billed_step_shared": "Er wordt {billed} in rekening gebracht: blokken van {step} worden één "
    "keer voor de hele sessie gevuld; wat daaraan ontbrak, {surplus}, komt er hier bij, waar zij "
    "eindigde.",
    "billed_nothing": "Aan het net teruggeleverde energie wordt niet in rekening gebracht.",
    "cost": "{billed} tegen {price} is {net}.",
    "cost_flat": "Het bedraagt {net}.",
    "cost_gross": "{billed} tegen {price} inclusief belasting is {gross}.",
    "cost_flat_gross": "Het bedraagt {gross} inclusief belasting.",
    "taxed": "Met {rate} belasting ({tax}) is dat {gross}.",
    "taxed_within": "Daarvan is {tax} belasting tegen {rate}.",
    "untaxed": "Er komt geen belasting bij.",
    "per_energy": "{price} per kWh",
    "per_time": "{price} per uur",
    "limit_min": "De sessie kost volgens het tarief minstens {limit}. De andere posten komen lager "
    "uit, dus komt erbij: {net} exclusief belasting en {tax} belasting.",
    "limit_max": "De sessie kost volgens het tarief hoogstens {limit}. De andere posten komen "
    "hoger uit, dus gaat eraf: {net} exclusief belasting en {tax} belasting.",
    "limit_before": "{net} exclusief belasting",
    "limit_both": "{net} exclusief en {gross} inclusief belasting",
    "rule_always": "De prijs staat in element {element} van {elements} van tarief {tariff}, dat "
    "altijd geldt.",
    "rule_when": "De prijs staat in element {element} van {elements} van tarief {tariff}, dat "
    "geldt {conditions}.",
    "rule_passed": "Element {element} zou voorgaan, maar geldt alleen {conditions}.",
    "rule_passed_many": "De {count} elementen ervóór met zo’n prijs golden op dat moment niet.",
    "days": "op {days}",
    "days_range": "van {first_day} tot en met {last_day}",
    "clock_between": "tussen {start} en {end} uur",
    "clock_wraps": "tussen {start} uur en {end} uur de volgende dag",
    "clock_from": "vanaf {start} uur",
    "clock_until": "vóór {end} uur",
    "clock_all_day": "de hele dag",
    "clock_never": "op geen enkel moment van de dag",
    "date_on": "op {date}",
    "date_between": "van {start} tot en met {end}",
    "date_from": "vanaf {start}",
    "date_until": "tot en met {end}",
    "date_empty": "van {start} tot dezelfde dag",
    "kwh_between": "zolang tussen {low} en {high} is geladen",
    "kwh_from": "zodra {low} is geladen",
    "kwh_below": "tot {high} is geladen",
    "duration_between": "van {low} tot {high} na het begin",
    "duration_from": "vanaf {low} na het begin",
    "duration_below": "in de eerste {high}",
    "power_between": "bij een vermogen van {low} of meer, maar minder dan {high}",
    "power_from": "bij een vermogen van {low} of meer",
    "power_below": "bij een vermogen van minder dan {high}",
    "current_between": "bij een stroomsterkte van {low} of meer, maar minder dan {high}",
    "current_from": "bij een stroomsterkte van {low} of meer",
    "current_below": "bij een stroomsterkte van minder dan {high}",
    "reservation": "voor een reservering",
    "reservation_expires": "voor een reservering die niet is gebruikt",
    "booking": "voor een boeking",
    "booking_expires": "voor een boeking die niet is gebruikt",
    "booking_cancellation_fees": "voor een boeking die is geannuleerd",
    "booking_overtime": "voor de tijd na het geboekte tijdvak",
    "period": "periode {number}, {at}",
    "place_element": "element {element} van het tarief",
    "place_element_of": "element {element} van tarief {tariff}",
    "place_price": "{place}, {what}",
}

NOTES = {
    "element_choice_differs": "OCPI 2.1.1 kan ook zo worden gelezen dat het eerste geldende "
    "element alle prijzen bepaalt; dat zou hier een andere prijs geven.",
    "limits_from_start_tariff": "Er golden meerdere tarieven; minimum- en maximumprijs zijn die "
    "van één ervan.",
    "negative_energy": "Er is energie aan het net teruggeleverd; die wordt niet vergoed.",
    "negative_tax": "De prijsgrenzen laten na belasting minder over dan ervoor.",
    "negative_time": "Er is een tijd onder nul opgegeven; die wordt niet in rekening gebracht.",
    "no_price_component": "Iets waarvoor het tarief anders een prijs heeft, is hier gratis, omdat "
    "geen element met zo’n prijs gold.",
    "period_spans_price_change": "De prijs verandert binnen deze periode; de prijs aan het begin "
    "geldt voor de hele periode.",
    "period_without_tariff": "Een periode noemt geen tarief.",
    "periods_disagree_with_stamps": "De periodes lopen niet precies van het begin tot het einde "
    "van de sessie.",
    "periods_out_of_order": "Een periode begint vóór de periode die ervoor staat.",
    "periods_outside_validity": "Een tarief is gebruikt buiten de tijd waarin het geldig is.",
    "reservation_and_time_steps": "Gereserveerde tijd en laadtijd worden allebei in blokken "
    "afgerekend.",
    "step_flip_by_rounding": "De opgegeven tijd ligt zo dicht bij een heel blok dat de afronding "
    "op vier decimalen een blok kan hebben toegevoegd of bespaard.",
    "step_once_per_session": "OCPI 2.1.1 zegt niet hoe vaak blokken worden gevuld.",
    "straddling_bound": "Vermogen of stroomsterkte ging binnen een periode over een grens van het "
    "tarief heen.",
    "tax_included_without_rate": "De prijzen zijn inclusief belasting, maar het tarief noemt geen "
    "percentage: het bedrag exclusief belasting is niet te bepalen.",
    "time_step_target": "Na parkeertijd is verder geladen; daarmee is open welke van beide tijden "
    "naar boven wordt afgerond.",
    "total_clamped": "De minimum- of maximumprijs van het tarief bepaalt het totaal.",
    "unattributed_tax": "Een prijsgrens bepaalt een belasting waarvoor geen percentage is "
    "opgegeven.",
    "unknown_bound": "Het tarief hangt af van vermogen of stroomsterkte, maar er is niets gemeten.",
    "several_versions": "Meerdere versies van een tarief gelden tegelijk; de eerste is gebruikt.",
    "unknown_tariff": "Een periode noemt een tarief dat niet voorhanden is; er is een ander "
    "gebruikt.",
    "connector_id_form": "De aansluiting heeft een naam die geen getal is.",
    "credit_energy_sign": "De creditnota geeft haar energie negatief op; die is positief gelezen.",
    "credit_mixed_signs": "Hoeveelheden van de creditnota liggen boven en onder nul; ze zijn "
    "gelezen zoals ze er staan.",
    "credit_sign": "Het totaal van een creditnota hoort onder nul te liggen, dit niet.",
    "credit_time_sign": "De creditnota geeft haar tijden negatief op; die zijn positief gelezen.",
    "currency_differs": "De CDR noemt een andere valuta dan zijn tarief; die van het tarief geldt.",
    "dimension_case": "De soort van een hoeveelheid is niet in hoofdletters geschreven; ze telt "
    "toch mee.",
    "duplicate_dimension": "Een periode noemt dezelfde grootheid twee keer; ze zijn opgeteld.",
    "empty_list": "Een lijst die iets hoort te bevatten is leeg.",
    "energy_not_in_periods": "De CDR geeft als totaal meer energie op dan in zijn periodes; de "
    "rest is niet in rekening gebracht.",
    "integer_form": "Een geheel getal is met decimalen geschreven.",
    "mixed_period": "Een periode bevat meerdere soorten tijd.",
    "needless_null": "Een veld zonder waarde had weggelaten moeten worden.",
    "not_understood": "Een veld waarvan de prijs niet afhangt, was niet te begrijpen.",
    "number_as_text": "Een tekst is als getal geschreven.",
    "parking_time_not_in_periods": "De CDR geeft als totaal meer parkeertijd op dan in zijn "
    "periodes; de rest is niet in rekening gebracht.",
    "period_time_differs": "De tijd die een periode opgeeft is niet de tijd die zij duurde; de "
    "opgegeven tijd wordt in rekening gebracht.",
    "price_shape": "Een bedrag is geschreven zoals in een andere versie van OCPI.",
    "required_field": "Verplichte velden ontbreken; de prijs hangt er niet van af.",
    "reservation_never_used": "Er is alleen gereserveerde tijd: de reservering is niet gebruikt.",
    "restrictions_as_list": "Voorwaarden staan in een lijst; de enige vermelding geldt.",
    "session_only": "Een grootheid die in een sessie hoort en niet in een CDR, telt niet mee.",
    "string_number": "Een getal staat tussen aanhalingstekens.",
    "tariff_given": "Er is gerekend met een apart opgegeven tarief, niet met dat van de CDR.",
    "tariff_of_newer_version": "Het tarief is van een nieuwere OCPI-versie dan de CDR en is zo "
    "gelezen.",
    "time_form": "Een tijdstip is niet als HH:MM geschreven.",
    "time_not_in_periods": "De CDR geeft als totaal meer laadtijd op dan in zijn periodes; de rest "
    "is niet in rekening gebracht.",
    "timestamp_form": "Een tijdstempel is niet geschreven zoals OCPI voorschrijft.",
    "too_long": "Een tekst of getal is langer dan OCPI toestaat.",
    "unexpected_field": "Velden die deze versie van OCPI niet kent, tellen niet mee.",
    "unknown_dimension": "Een periode noemt een hoeveelheid van een soort die OCPI niet kent; ze "
    "heeft geen prijs.",
    "unknown_value": "Een waarde die deze versie van OCPI niet kent, telt niet mee.",
    "weekday_case": "Een weekdag is niet in hoofdletters geschreven.",
    "wrong_type": "Een veld heeft niet het type dat OCPI eraan geeft.",
    "zone_from_configuration": "De apart opgegeven tijdzone geldt, niet die van de CDR.",
}

POLICIES = {
    "flat_scope": {
        "phase": "Een vast bedrag wordt één keer voor de sessie en één keer voor haar reservering "
        "in rekening gebracht.",
        "session": "Een vast bedrag wordt in totaal maar één keer in rekening gebracht.",
        "activation": "Een vast bedrag wordt in rekening gebracht telkens als een ander begint te "
        "gelden.",
    },
    "element_choice": {
        "per_dimension": "Elke grootheid neemt haar prijs uit het eerste element dat er een heeft "
        "en geldt.",
        "per_element": "Het eerste element dat geldt, bepaalt alle prijzen.",
    },
    "period_spans_price_change": {
        "price_at_start": "Een periode over een prijswisseling heen houdt de prijs van haar begin.",
        "split_by_time": "Een periode over een prijswisseling heen wordt daar naar tijd gesplitst.",
    },
    "period_without_tariff": {
        "first_valid": "Voor een periode die geen tarief noemt, geldt het eerste geldige.",
        "free": "Een periode die geen tarief noemt, is gratis.",
    },
    "equal_window": {
        "whole_day": "Dezelfde tijd als begin en einde betekent de hele dag.",
        "never": "Dezelfde tijd als begin en einde betekent op geen enkel moment.",
    },
    "zero_step": {
        "no_rounding": "Blokgrootte 0 betekent dat hoeveelheden zoals gemeten worden afgerekend.",
        "one": "Blokgrootte 0 betekent hele wattuur en seconden.",
    },
    "step_scope": {
        "session": "Blokken worden één keer voor de hele sessie gevuld.",
        "period": "Blokken worden in elke periode gevuld.",
    },
    "time_step_target": {
        "parking_when_priced": "Heeft de parkeertijd een prijs, dan wordt die naar boven "
        "afgerond en niet de laadtijd.",
        "last_priced": "De soort tijd die het laatst een prijs had, wordt naar boven afgerond.",
    },
    "step_counts_unpriced": {
        "no": "Alleen wat een prijs heeft, vult een blok.",
        "yes": "Ook wat geen prijs heeft, vult een blok.",
    },
    "reservation_step_budget": {
        "separate": "Gereserveerde tijd wordt apart naar boven afgerond.",
        "shared": "Gereserveerde tijd en laadtijd worden samen naar boven afgerond.",
    },
    "missing_bound": {
        "other_bound": "Is alleen het laagste of alleen het hoogste vermogen (of de stroomsterkte) "
        "bekend, dan staat dat voor beide.",
        "unsatisfied": "Aan een voorwaarde over een onbekend vermogen of onbekende stroomsterkte "
        "is niet voldaan.",
        "satisfied": "Aan een voorwaarde over een onbekend vermogen of onbekende stroomsterkte is "
        "voldaan.",
    },
    "straddling_bound": {
        "min_to_min_max_to_max": "Ondergrenzen kijken naar het laagste vermogen of de laagste "
        "stroomsterkte van een periode, bovengrenzen naar de hoogste.",
        "highest": "Alle grenzen kijken naar het hoogste vermogen of de hoogste stroomsterkte van "
        "een periode.",
    },
    "duration_origin": {
        "session_start": "Tijdsduren tellen vanaf het begin van de sessie.",
        "first_period": "Tijdsduren tellen vanaf het begin van de eerste periode.",
    },
    "vat_missing": {
        "no_vat_applies": "Een prijs zonder belastingpercentage wordt niet belast.",
        "zero_rate": "Een prijs zonder belastingpercentage wordt met 0 procent belast.",
    },
    "money_rounding": {
        "half_away_from_zero": "Het totaal wordt afgerond, een half naar boven.",
        "half_even": "Het totaal wordt afgerond, een half naar het even cijfer.",
        "half_toward_zero": "Het totaal wordt afgerond, een half naar beneden.",
        "away_from_zero": "Het totaal wordt naar boven afgerond.",
        "toward_zero": "Het totaal wordt naar beneden afgerond.",
    },
    "rounding_unit": {
        "minor_unit": "Het totaal wordt afgerond op de kleinste eenheid van de valuta.",
        "four_decimals": "Het totaal wordt afgerond op vier decimalen.",
        "five_hundredths": "Het totaal wordt afgerond op veelvouden van 0,05.",
    },
    "clamp_tax": {
        "scaled": "Waar een prijsgrens het totaal bepaalt, worden de belastingen daarop aangepast.",
        "one_line": "Waar een prijsgrens het totaal bepaalt, staat het verschil op een post zonder "
        "percentage.",
    },
    "limit_tariff": {
        "at_start": "De prijsgrenzen zijn die van het tarief dat aan het begin gold.",
        "at_end": "De prijsgrenzen zijn die van het tarief dat aan het einde gold.",
    },
    "volume_rounding": {
        "exact": "Hoeveelheden worden precies afgerekend zoals ze zijn opgegeven.",
        "four_decimals": "Hoeveelheden worden vóór de berekening op vier decimalen afgerond.",
        "period_span": "Een opgegeven tijd die alleen door de afronding op vier decimalen "
        "afwijkt van de lengte van haar periode, telt als die lengte.",
    },
    "negative_energy": {
        "not_credited": "Aan het net teruggeleverde energie wordt niet vergoed.",
        "credited": "Aan het net teruggeleverde energie wordt vergoed tegen de prijs van afgenomen "
        "energie.",
    },
    "total_time_source": {
        "stamps": "De totale tijd loopt van het begin tot het einde van de sessie.",
        "periods": "De totale tijd is de som van de periodes.",
    },
    "period_order": {
        "as_given": "Periodes in verkeerde volgorde worden in de gegeven volgorde afgerekend.",
        "by_start": "Periodes in verkeerde volgorde worden op volgorde van hun begin afgerekend.",
    },
    "wrap_weekday": {
        "instant": "Na middernacht telt de weekdag van de nieuwe dag.",
        "window_start": "Na middernacht telt de weekdag waarop het tijdvak begon.",
    },
    "dst_clock": {
        "clock_as_shown": "Op dagen dat de klok wordt verzet, telt de klok zoals ze wordt getoond.",
        "offset_at_start": "Op dagen dat de klok wordt verzet, telt de klok van het begin tot het "
        "einde van de sessie.",
    },
    "flat_cost_field": {
        "by_element": "Een vast bedrag dat bij een prijs van parkeertijd hoort, telt als "
        "parkeerkosten.",
        "fixed": "Alle vaste bedragen tellen als vaste kosten.",
    },
    "duplicate_component": {
        "first": "Van twee prijzen voor dezelfde grootheid in één element geldt de eerste.",
        "last": "Van twee prijzen voor dezelfde grootheid in één element geldt de laatste.",
    },
    "tax_included_math": {
        "net_from_gross": "De prijzen zijn inclusief belasting; het bedrag exclusief wordt eruit "
        "berekend.",
        "tax_on_top": "Belasting komt boven op prijzen die haar al bevatten.",
    },
    "empty_date_window": {
        "never": "Dezelfde datum als begin en einde betekent op geen enkele dag.",
        "same_day": "Dezelfde datum als begin en einde betekent die dag.",
    },
    "day_end_2359": {
        "literal": "Een einde om 23:59 uur laat de laatste minuut van de dag weg.",
        "as_2400": "Een einde om 23:59 uur betekent middernacht.",
    },
    "time_with_seconds": {
        "to_the_second": "Tijden met seconden gelden op de seconde.",
        "whole_minute": "Een einde met 59 seconden betekent de hele minuut.",
    },
    "zone_source": {
        "location_then_site": "De tijdzone is die van de locatie, anders de ingestelde.",
        "site_then_location": "De tijdzone is de ingestelde, anders die van de locatie.",
    },
    "unpriced_dimension": {
        "free_with_note": "Energie waarvoor geen prijs geldt, is gratis.",
        "held": "Geldt voor energie geen prijs, dan wordt de sessie niet afgerekend.",
    },
    "list_restrictions": {
        "one_entry": "Voorwaarden in een lijst van één gelden.",
        "refused": "Een tarief met voorwaarden in een lijst wordt geweigerd.",
    },
    "lenient_number": {
        "accepted": "Getallen tussen aanhalingstekens worden geaccepteerd.",
        "refused": "Een tarief met getallen tussen aanhalingstekens wordt geweigerd.",
    },
    "unknown_fields": {
        "no_effect": "Onbekende velden hebben geen gevolg.",
        "refused": "Een tarief met onbekende velden wordt geweigerd.",
    },
}

LANGUAGE = Language(
    code="nl",
    decimal=",",
    group=".",
    money="{symbol}\u00a0{sign}{amount}",
    money_by_code="{symbol}\u00a0{sign}{amount}",
    percent="{number}%",
    date="{weekday} {day} {month} {year}",
    day_month="{day} {month}",
    clock="{hour:02}:{minute:02}",
    clock_seconds="{hour:02}:{minute:02}:{second:02}",
    hours="uur",
    weekdays=(
        "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag",
    ),
    on_days=("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    months=(
        "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september",
        "oktober", "november", "december",
    ),
    first_of_month="",
    phrases=PHRASES,
    notes=NOTES,
    policies=POLICIES,
)  # fmt: skip
