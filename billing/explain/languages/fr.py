"""French."""

from billing.explain.language import Language

PHRASES = {
    "title": "Ce que coûte cette session de recharge, et pourquoi",
    "title_credit": "Ce qui est remboursé pour cette session de recharge, et pourquoi",
    "cdr": "CDR {id}",
    "when": "{date}, {span}",
    "when_days": "du {start_date} à {start} au {end_date} à {end}",
    "zone": "heure locale, {zone}, {offset}",
    "clock_changed": "L’heure légale change pendant la session ; les heures sont celles que montre "
    "l’horloge sur place.",
    "delivered": "{energy} en {time}",
    "pays": "À payer : {gross}, soit {net} hors taxes et {tax} de taxes.",
    "pays_untaxed": "À payer : {gross}. Aucune taxe ne s’applique.",
    "pays_gross": "À payer : {gross} taxes comprises.",
    "pays_nothing": "Il n’y a rien à payer.",
    "credits": "Remboursé : {gross}, soit {net} hors taxes et {tax} de taxes.",
    "credits_untaxed": "Remboursé : {gross}. Aucune taxe ne s’applique.",
    "credits_gross": "Remboursé : {gross} taxes comprises.",
    "rounded": "Au dernier chiffre près, cela fait {net} hors taxes et {gross} taxes comprises ; "
    "l’arrondi se fait une seule fois, tout à la fin.",
    "rounded_about": "Avant arrondi, cela fait environ {net} hors taxes et {gross} taxes "
    "comprises ; l’arrondi se fait une seule fois, tout à la fin.",
    "prices_with_tax": "Tous les prix s’entendent taxes comprises.",
    "prices_before_tax": "Tous les prix s’entendent hors taxes.",
    "claimed": "Le CDR lui-même indique {stated} ; ce qui est expliqué ici est ce que donnent le "
    "tarif et les quantités.",
    "positions": "Ligne par ligne",
    "sums": "Récapitulatif",
    "notes": "Bon à savoir",
    "decisions": "Ce que la norme laisse ouvert, et ce qui a été décidé",
    "decision_own": "(choisi)",
    "decision_default": "(par défaut)",
    "before_tax": "Hors taxes",
    "tax": "Taxes",
    "after_tax": "Taxes comprises",
    "total": "Total",
    "exact": "Sans arrondi",
    "group_energy": "Énergie",
    "group_time": "Temps de recharge",
    "group_parking": "Temps de stationnement",
    "group_fixed": "Frais fixes",
    "group_reservation": "Réservation",
    "group_limit": "Limite de prix",
    "name_energy": "Énergie",
    "name_time": "Temps de recharge",
    "name_parking_time": "Temps de stationnement",
    "name_flat": "Frais fixes",
    "name_reserved": "Réservation",
    "name_reserved_flat": "Frais de réservation",
    "name_min": "Prix minimum",
    "name_max": "Prix maximum",
    "what_energy": "prix de l’énergie",
    "what_time": "prix du temps de recharge",
    "what_parking_time": "prix du temps de stationnement",
    "what_flat": "frais fixes",
    "span": "de {start} à {end}",
    "within": "au cours de la période {span}",
    "span_on_day": "le {date} de {start} à {end}",
    "span_days": "du {start_date} à {start} au {end_date} à {end}",
    "spans_many": "en {count} périodes {span}",
    "at": "à {time}",
    "at_day": "le {date} à {time}",
    "and": "{before} et {last}",
    "measured_energy": "Le compteur a relevé {amount}, {when}.",
    "measured_time": "Le véhicule s’est rechargé pendant {amount}, {when}.",
    "measured_parking_time": "Le véhicule est resté branché sans se recharger pendant {amount}, "
    "{when}.",
    "measured_reserved": "Le point de recharge vous a été réservé pendant {amount}, {when}.",
    "measured_flat": "Ce montant est dû une seule fois, {when}.",
    "imputed": "Une partie de la quantité a été estimée entre deux relevés du compteur.",
    "share": "C’est la part, au prorata du temps, de ce qui a été relevé en une seule fois.",
    "billed_same": "C’est exactement ce qui est facturé.",
    "billed_step": "Quantité facturée : {billed}. Le tarif compte par tranches entières de "
    "{step} ; {surplus} ont donc été ajoutés pour remplir la dernière.",
    "billed_step_shared": "Quantité facturée : {billed}. Les tranches de {step} sont remplies une "
    "seule fois pour toute la session ; ce qui manquait, {surplus}, est ajouté ici, où elle s’est "
    "terminée.",
    "billed_nothing": "L’énergie rendue au réseau n’est pas facturée.",
    "cost": "{billed} à {price} font {net}.",
    "cost_flat": "Il s’élève à {net}.",
    "cost_gross": "{billed} à {price} taxes comprises font {gross}.",
    "cost_flat_gross": "Il s’élève à {gross} taxes comprises.",
    "taxed": "Avec {rate} de taxes ({tax}), cela fait {gross}.",
    "taxed_within": "Dont {tax} de taxes à {rate}.",
    "untaxed": "Aucune taxe ne s’y ajoute.",
    "per_energy": "{price} par kWh",
    "per_time": "{price} par heure",
    "limit_min": "D’après le tarif, la session coûte au moins {limit}. Les autres lignes font "
    "moins ; on ajoute donc {net} hors taxes et {tax} de taxes.",
    "limit_max": "D’après le tarif, la session coûte au plus {limit}. Les autres lignes font "
    "plus ; on déduit donc {net} hors taxes et {tax} de taxes.",
    "limit_before": "{net} hors taxes",
    "limit_both": "{net} hors taxes et {gross} taxes comprises",
    "rule_always": "Le prix figure dans l’élément {element} sur {elements} du tarif {tariff}, qui "
    "s’applique à tout moment.",
    "rule_when": "Le prix figure dans l’élément {element} sur {elements} du tarif {tariff}, qui "
    "s’applique {conditions}.",
    "rule_passed": "L’élément {element} passerait avant, mais s’applique seulement {conditions}.",
    "rule_passed_many": "Les {count} éléments précédents qui ont un tel prix ne s’appliquaient "
    "pas à ce moment.",
    "days": "{days}",
    "days_range": "du {first_day} au {last_day}",
    "clock_between": "entre {start} et {end}",
    "clock_wraps": "entre {start} et {end} le lendemain",
    "clock_from": "à partir de {start}",
    "clock_until": "avant {end}",
    "clock_all_day": "toute la journée",
    "clock_never": "à aucune heure de la journée",
    "date_on": "le {date}",
    "date_between": "du {start} au {end} inclus",
    "date_from": "à partir du {start}",
    "date_until": "jusqu’au {end} inclus",
    "date_empty": "du {start} au même jour",
    "kwh_between": "entre {low} et {high} rechargés",
    "kwh_from": "à partir de {low} rechargés",
    "kwh_below": "jusqu’à {high} rechargés",
    "duration_between": "de {low} à {high} après le début",
    "duration_from": "à partir de {low} après le début",
    "duration_below": "pendant {high} à compter du début",
    "power_between": "à une puissance de {low} ou plus, mais inférieure à {high}",
    "power_from": "à une puissance de {low} ou plus",
    "power_below": "à une puissance inférieure à {high}",
    "current_between": "à une intensité de {low} ou plus, mais inférieure à {high}",
    "current_from": "à une intensité de {low} ou plus",
    "current_below": "à une intensité inférieure à {high}",
    "reservation": "à une réservation",
    "reservation_expires": "à une réservation qui n’a pas été utilisée",
    "booking": "à un créneau réservé",
    "booking_expires": "à un créneau réservé qui n’a pas été utilisé",
    "booking_cancellation_fees": "à un créneau réservé qui a été annulé",
    "booking_overtime": "au temps qui dépasse le créneau réservé",
    "period": "période {number}, {at}",
    "place_element": "élément {element} du tarif",
    "place_element_of": "élément {element} du tarif {tariff}",
    "place_price": "{place}, {what}",
}

NOTES = {
    "element_choice_differs": "OCPI 2.1.1 peut aussi se lire ainsi : le premier élément applicable "
    "fixe tous les prix. Cela donnerait ici un autre prix.",
    "limits_from_start_tariff": "Plusieurs tarifs ont été utilisés ; le prix minimum et le prix "
    "maximum sont ceux de l’un d’eux.",
    "negative_energy": "De l’énergie a été rendue au réseau ; elle n’est pas rémunérée.",
    "negative_tax": "Les limites de prix laissent moins taxes comprises que hors taxes.",
    "negative_time": "Une durée inférieure à zéro a été indiquée ; elle n’est pas facturée.",
    "no_price_component": "Ce que le tarif facture à d’autres moments est gratuit ici, car aucun "
    "élément avec un tel prix ne s’appliquait.",
    "period_spans_price_change": "Le prix change au cours de cette période ; celui de son début "
    "s’applique à toute la période.",
    "period_without_tariff": "Une période ne nomme aucun tarif.",
    "periods_disagree_with_stamps": "Les périodes ne vont pas exactement du début à la fin de la "
    "session.",
    "periods_out_of_order": "Une période commence avant celle qui la précède.",
    "periods_outside_validity": "Un tarif a été utilisé en dehors de sa période de validité.",
    "reservation_and_time_steps": "Le temps réservé et le temps de recharge sont tous deux comptés "
    "par tranches.",
    "step_flip_by_rounding": "La durée indiquée est si proche d’une tranche entière que son "
    "arrondi à quatre décimales a pu en ajouter ou en éviter une.",
    "step_once_per_session": "OCPI 2.1.1 ne dit pas combien de fois les tranches sont remplies.",
    "straddling_bound": "La puissance ou l’intensité a franchi un seuil du tarif au cours d’une "
    "période.",
    "tax_included_without_rate": "Les prix comprennent une taxe, mais le tarif n’en donne pas le "
    "taux : le montant hors taxes ne peut être déterminé.",
    "time_step_target": "La recharge a repris après le stationnement ; la norme ne dit pas "
    "laquelle des deux durées est arrondie.",
    "total_clamped": "Le prix minimum ou maximum du tarif détermine le total.",
    "unattributed_tax": "Une limite de prix fixe une taxe pour laquelle aucun taux n’est indiqué.",
    "unknown_bound": "Le tarif dépend de la puissance ou de l’intensité, mais aucune n’a été "
    "mesurée.",
    "several_versions": "Plusieurs versions d’un tarif sont valables à la fois ; la première "
    "a été utilisée.",
    "unknown_tariff": "Une période nomme un tarif qui n’est pas disponible ; un autre a été "
    "utilisé.",
    "connector_id_form": "Le connecteur porte un nom qui n’est pas un nombre.",
    "credit_energy_sign": "L’avoir indique son énergie en négatif ; elle est lue en positif.",
    "credit_mixed_signs": "Des quantités de l’avoir sont positives et d’autres négatives ; elles "
    "sont lues telles quelles.",
    "credit_sign": "Le total d’un avoir devrait être négatif, celui-ci ne l’est pas.",
    "credit_time_sign": "L’avoir indique ses durées en négatif ; elles sont lues en positif.",
    "currency_differs": "Le CDR nomme une autre monnaie que son tarif ; c’est celle du tarif qui "
    "compte.",
    "dimension_case": "La nature d’une grandeur n’est pas écrite en capitales ; elle compte tout "
    "de même.",
    "duplicate_dimension": "Une période indique deux fois la même grandeur ; les deux sont "
    "additionnées.",
    "empty_list": "Une liste qui devrait contenir quelque chose est vide.",
    "energy_not_in_periods": "Le CDR indique au total plus d’énergie que dans ses périodes ; le "
    "reste n’est pas facturé.",
    "integer_form": "Un nombre entier est écrit avec des décimales.",
    "mixed_period": "Une période contient plusieurs sortes de durées.",
    "needless_null": "Un champ sans valeur aurait dû être omis.",
    "not_understood": "Un champ dont le prix ne dépend pas n’a pas pu être compris.",
    "number_as_text": "Un texte est écrit comme un nombre.",
    "parking_time_not_in_periods": "Le CDR indique au total plus de temps de stationnement que "
    "dans ses périodes ; le reste n’est pas facturé.",
    "period_time_differs": "La durée indiquée par une période n’est pas celle qu’elle a duré ; la "
    "durée indiquée est facturée.",
    "price_shape": "Un montant est écrit comme dans une autre version d’OCPI.",
    "required_field": "Des champs obligatoires manquent ; le prix n’en dépend pas.",
    "reservation_never_used": "Il n’y a que du temps réservé : la réservation n’a pas été "
    "utilisée.",
    "restrictions_as_list": "Des conditions figurent dans une liste ; sa seule entrée compte.",
    "session_only": "Une grandeur qui relève d’une session et non d’un CDR est ignorée.",
    "string_number": "Un nombre est écrit entre guillemets.",
    "tariff_given": "Le calcul suit un tarif fourni à part, et non celui du CDR.",
    "tariff_of_newer_version": "Le tarif est d’une version d’OCPI plus récente que le CDR et est "
    "lu comme tel.",
    "time_form": "Une heure n’est pas écrite sous la forme HH:MM.",
    "time_not_in_periods": "Le CDR indique au total plus de temps de recharge que dans ses "
    "périodes ; le reste n’est pas facturé.",
    "timestamp_form": "Un horodatage n’est pas écrit comme OCPI le prévoit.",
    "too_long": "Un texte ou un nombre est plus long qu’OCPI ne le permet.",
    "unexpected_field": "Les champs inconnus de cette version d’OCPI sont ignorés.",
    "unknown_dimension": "Une période indique une grandeur d’une nature inconnue d’OCPI ; elle n’a "
    "pas de prix.",
    "unknown_value": "Une valeur inconnue de cette version d’OCPI est ignorée.",
    "weekday_case": "Un jour de la semaine n’est pas écrit en capitales.",
    "wrong_type": "Un champ n’a pas le type qu’OCPI lui donne.",
    "zone_from_configuration": "Le fuseau horaire utilisé est celui qui a été fourni à part, et "
    "non celui du CDR.",
}

POLICIES = {
    "flat_scope": {
        "phase": "Des frais fixes sont dus une fois pour la session et une fois pour sa "
        "réservation.",
        "session": "Des frais fixes ne sont dus qu’une seule fois en tout.",
        "activation": "Des frais fixes sont dus chaque fois que d’autres commencent à s’appliquer.",
    },
    "element_choice": {
        "per_dimension": "Chaque grandeur prend son prix dans le premier élément applicable qui "
        "en a un.",
        "per_element": "Le premier élément applicable fixe tous les prix.",
    },
    "period_spans_price_change": {
        "price_at_start": "Une période à cheval sur un changement de prix garde le prix de son "
        "début.",
        "split_by_time": "Une période à cheval sur un changement de prix y est divisée au prorata "
        "du temps.",
    },
    "period_without_tariff": {
        "first_valid": "Une période qui ne nomme aucun tarif suit le premier qui est valable.",
        "free": "Une période qui ne nomme aucun tarif est gratuite.",
    },
    "equal_window": {
        "whole_day": "La même heure de début et de fin signifie toute la journée.",
        "never": "La même heure de début et de fin signifie à aucun moment.",
    },
    "zero_step": {
        "no_rounding": "Une tranche de 0 signifie que les quantités sont facturées telles que "
        "mesurées.",
        "one": "Une tranche de 0 signifie des wattheures et des secondes entiers.",
    },
    "step_scope": {
        "session": "Les tranches sont remplies une seule fois pour toute la session.",
        "period": "Les tranches sont remplies dans chaque période.",
    },
    "time_step_target": {
        "parking_when_priced": "Quand le stationnement a un prix, c’est lui qui est arrondi, et "
        "non le temps de recharge.",
        "last_priced": "C’est la sorte de durée facturée en dernier qui est arrondie.",
    },
    "step_counts_unpriced": {
        "no": "Seul ce qui a un prix remplit une tranche.",
        "yes": "Ce qui n’a pas de prix remplit aussi une tranche.",
    },
    "reservation_step_budget": {
        "separate": "Le temps réservé est arrondi à part.",
        "shared": "Le temps réservé et le temps de recharge sont arrondis ensemble.",
    },
    "missing_bound": {
        "other_bound": "Si seule la puissance (ou l’intensité) la plus basse ou la plus haute est "
        "connue, elle vaut pour les deux.",
        "unsatisfied": "Une condition sur une puissance ou une intensité inconnue n’est pas "
        "remplie.",
        "satisfied": "Une condition sur une puissance ou une intensité inconnue est remplie.",
    },
    "straddling_bound": {
        "min_to_min_max_to_max": "Les seuils inférieurs regardent la puissance ou l’intensité la "
        "plus basse d’une période, les seuils supérieurs la plus haute.",
        "highest": "Tous les seuils regardent la puissance ou l’intensité la plus haute d’une "
        "période.",
    },
    "duration_origin": {
        "session_start": "Les durées se comptent depuis le début de la session.",
        "first_period": "Les durées se comptent depuis le début de la première période.",
    },
    "vat_missing": {
        "no_vat_applies": "Un prix sans taux de taxe n’est pas taxé.",
        "zero_rate": "Un prix sans taux de taxe est taxé à 0 pour cent.",
    },
    "money_rounding": {
        "half_away_from_zero": "Le total est arrondi au plus proche, les moitiés vers le haut.",
        "half_even": "Le total est arrondi au plus proche, les moitiés vers le chiffre pair.",
        "half_toward_zero": "Le total est arrondi au plus proche, les moitiés vers le bas.",
        "away_from_zero": "Le total est arrondi vers le haut.",
        "toward_zero": "Le total est arrondi vers le bas.",
    },
    "rounding_unit": {
        "minor_unit": "Le total est arrondi à la plus petite unité de la monnaie.",
        "four_decimals": "Le total est arrondi à quatre décimales.",
        "five_hundredths": "Le total est arrondi à un multiple de 0,05.",
    },
    "clamp_tax": {
        "scaled": "Quand une limite de prix décide, les taxes y sont ajustées.",
        "one_line": "Quand une limite de prix décide, la différence figure sur une ligne sans "
        "taux.",
    },
    "limit_tariff": {
        "at_start": "Les limites de prix sont celles du tarif en vigueur au début.",
        "at_end": "Les limites de prix sont celles du tarif en vigueur à la fin.",
    },
    "volume_rounding": {
        "exact": "Les quantités sont facturées exactement comme elles sont indiquées.",
        "four_decimals": "Les quantités sont arrondies à quatre décimales avant le calcul.",
        "period_span": "Une durée indiquée qui ne s’écarte de la longueur de sa période que par "
        "l’arrondi à quatre décimales vaut cette longueur.",
    },
    "negative_energy": {
        "not_credited": "L’énergie rendue au réseau n’est pas rémunérée.",
        "credited": "L’énergie rendue au réseau est rémunérée au prix de l’énergie prélevée.",
    },
    "total_time_source": {
        "stamps": "La durée totale va du début à la fin de la session.",
        "periods": "La durée totale est la somme des périodes.",
    },
    "period_order": {
        "as_given": "Les périodes en désordre sont facturées dans l’ordre donné.",
        "by_start": "Les périodes en désordre sont facturées dans l’ordre de leurs débuts.",
    },
    "wrap_weekday": {
        "instant": "Après minuit, c’est le nouveau jour de la semaine qui compte.",
        "window_start": "Après minuit, c’est le jour où la plage horaire a commencé qui compte.",
    },
    "dst_clock": {
        "clock_as_shown": "Les jours de changement d’heure, c’est l’heure affichée qui compte.",
        "offset_at_start": "Les jours de changement d’heure, l’heure du début compte jusqu’à la "
        "fin de la session.",
    },
    "flat_cost_field": {
        "by_element": "Des frais fixes liés à un prix du temps de stationnement comptent comme "
        "stationnement.",
        "fixed": "Tous les frais fixes comptent comme coût fixe.",
    },
    "duplicate_component": {
        "first": "De deux prix pour la même grandeur dans un élément, le premier compte.",
        "last": "De deux prix pour la même grandeur dans un élément, le dernier compte.",
    },
    "tax_included_math": {
        "net_from_gross": "Les prix comprennent la taxe ; le montant hors taxes en est déduit.",
        "tax_on_top": "La taxe s’ajoute à des prix qui la comprennent déjà.",
    },
    "empty_date_window": {
        "never": "La même date de début et de fin signifie aucun jour.",
        "same_day": "La même date de début et de fin signifie ce jour-là.",
    },
    "day_end_2359": {
        "literal": "Une fin à 23:59 laisse de côté la dernière minute du jour.",
        "as_2400": "Une fin à 23:59 signifie minuit.",
    },
    "time_with_seconds": {
        "to_the_second": "Les heures avec secondes comptent à la seconde près.",
        "whole_minute": "Une fin à 59 secondes signifie la minute entière.",
    },
    "zone_source": {
        "location_then_site": "Le fuseau horaire est celui du lieu, sinon celui qui est configuré.",
        "site_then_location": "Le fuseau horaire est celui qui est configuré, sinon celui du lieu.",
    },
    "unpriced_dimension": {
        "free_with_note": "L’énergie à laquelle aucun prix ne s’applique est gratuite.",
        "held": "Si aucun prix ne s’applique à l’énergie, la session n’est pas facturée.",
    },
    "list_restrictions": {
        "one_entry": "Les conditions dans une liste d’une seule entrée comptent.",
        "refused": "Un tarif dont les conditions sont dans une liste est refusé.",
    },
    "lenient_number": {
        "accepted": "Les nombres entre guillemets sont acceptés.",
        "refused": "Un tarif avec des nombres entre guillemets est refusé.",
    },
    "unknown_fields": {
        "no_effect": "Les champs inconnus sont sans effet.",
        "refused": "Un tarif avec des champs inconnus est refusé.",
    },
}

LANGUAGE = Language(
    code="fr",
    decimal=",",
    group="\u00a0",
    money="{sign}{amount}\u00a0{symbol}",
    money_by_code="{sign}{amount}\u00a0{symbol}",
    percent="{number}\u00a0%",
    date="{weekday} {day} {month} {year}",
    day_month="{day} {month}",
    clock="{hour}\u00a0h\u00a0{minute:02}",
    clock_seconds="{hour}\u00a0h\u00a0{minute:02}\u00a0min\u00a0{second:02}\u00a0s",
    hours="h",
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    on_days=(
        "le lundi", "le mardi", "le mercredi", "le jeudi", "le vendredi", "le samedi",
        "le dimanche",
    ),
    months=(
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
    first_of_month="1er",
    phrases=PHRASES,
    notes=NOTES,
    policies=POLICIES,
)  # fmt: skip
