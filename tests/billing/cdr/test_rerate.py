"""A correction: whom it is for, what it replaces, and what comes of several after one another."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from billing.billable import Billable
from billing.cdr import CDR, Context, Ready, Rejection, derive
from billing.finding import Source
from billing.policy import DEFAULT_POLICY
from billing.record import dumps, loads
from billing.rerate import (
    Correction,
    Outcome,
    Selection,
    Ways,
    correct,
    outcome,
    renewed,
    rerated,
    rerated_id,
)
from tests.billing.cdr.samples import context, session
from tests.billing.pricing.samples import at, tariff_of

DEAR, CHEAP = tariff_of([["ENERGY 0.50"]]), tariff_of([["ENERGY 0.25"]])
OTHER = replace(CHEAP, id="OTHER")
KNOWN = context(tariff=DEAR)
ONE = session()
SAID = at("2026-10-06T12:00")


def told(index: int = 7, **changes: Any) -> Correction:
    return Correction(
        **{
            "source": Source("operator", index),
            "at": SAID,
            "reason": "a slip",
            "selection": Selection(),
        }
        | changes
    )


def ways(known: Context | None = None, anew: Context | None = None) -> Ways:
    """What is known when a correction is said: `known`, and the tariff of `anew`."""

    def tariff(_session: Billable, _context: Context, _at: object) -> Any:
        return anew.tariff if anew else None

    return Ways(lambda _session, _at: known or KNOWN, tariff)


def come_to(*corrections: Correction, known: Context = KNOWN, way: Ways | None = None) -> Outcome:
    return outcome(ONE, known, lambda _: DEFAULT_POLICY, corrections, way or ways())


def tariff_in(found: Outcome) -> str:
    assert isinstance(found.result, Ready), found
    return f"{found.result.tariff.id} {found.result.tariff.elements[0].components[0].price}"


def test_a_correction_reads_back_from_its_record() -> None:
    chosen = Selection(at("2026-10-01"), None, frozenset({"NL-ABC", "DE-ABC"}))
    one = told(tariff=CHEAP, selection=chosen, decisions={"flat_scope": "session"})
    assert loads(Correction, dumps(one)) == one


def test_a_tariff_takes_the_place_of_the_one_of_its_id() -> None:
    assert tariff_in(come_to(told(tariff=CHEAP))) == f"{DEAR.id} 0.25"
    assert come_to(told(tariff=CHEAP)).by == (Source("operator", 7),)
    assert come_to(told(tariff=OTHER)).by == ()
    expired = replace(CHEAP, end_at=ONE.start_at)
    assert come_to(told(tariff=expired)).by == ()


def test_a_tariff_is_chosen_anew() -> None:
    anew = context(tariff=OTHER)
    assert tariff_in(come_to(told(choose_tariff=True), way=ways(anew=anew))) == "OTHER 0.25"
    found = come_to(told(choose_tariff=True))
    assert isinstance(found.result, Rejection)
    assert found.result.rule == "tariff_missing"


def test_answers_take_the_place_of_those_known_at_the_start() -> None:
    found = come_to(
        told(decisions={"flat_scope": "session"}), told(8, decisions={"zero_step": "one"})
    )
    assert isinstance(found.result, Ready)
    decided = dict(found.result.policy.pairs())
    assert (decided["flat_scope"], decided["zero_step"]) == ("session", "one")
    again = come_to(told(decisions={"flat_scope": "session", "zero_step": "one"}))
    assert isinstance(again.result, Ready)
    assert again.result.policy is found.result.policy


OUT: list[dict[str, Any]] = [
    {"start_from": ONE.start_at + timedelta(seconds=1)},
    {"start_before": ONE.start_at},
    {"parties": frozenset({"NL-XXX"})},
    {"stations": frozenset({"ELSEWHERE"})},
    {"locations": frozenset({"ELSEWHERE"})},
    {"sessions": frozenset({"another"})},
    {"tariff_ids": frozenset({"OTHER"})},
]


@pytest.mark.parametrize("chosen", OUT, ids=lambda chosen: next(iter(chosen)))
def test_what_is_not_selected_is_left_alone(chosen: dict[str, Any]) -> None:
    assert come_to(told(tariff=CHEAP, selection=Selection(**chosen))).by == ()


def test_what_is_selected_in_every_way_is_corrected() -> None:
    assert KNOWN.token is not None
    assert KNOWN.location is not None
    chosen = Selection(
        ONE.start_at,
        ONE.start_at + timedelta(seconds=1),
        *(
            frozenset({name})
            for name in (KNOWN.token.party, ONE.station, KNOWN.location.id, ONE.id, DEAR.id)
        ),
    )
    assert come_to(told(tariff=CHEAP, selection=chosen)).by


def test_a_session_that_starts_after_it_was_said_is_never_touched() -> None:
    assert come_to(told(tariff=CHEAP, at=ONE.start_at)).by == ()
    assert come_to(told(tariff=CHEAP, at=ONE.start_at + timedelta(microseconds=1))).by


def test_what_was_rejected_is_tried_again_after_what_was_corrected_before() -> None:
    stranger = context(tariff=DEAR, token=None)
    assert isinstance(come_to(told(tariff=CHEAP), known=stranger).result, Rejection)
    found = come_to(told(tariff=CHEAP), told(8, rejected=True), known=stranger)
    assert tariff_in(found) == f"{DEAR.id} 0.25"
    assert come_to(told(rejected=True)).by == ()


def test_the_last_correction_counts() -> None:
    assert tariff_in(come_to(told(tariff=CHEAP), told(8, tariff=DEAR))) == f"{DEAR.id} 0.50"


def priced(known: Context) -> CDR:
    found = derive(ONE, known)
    assert isinstance(found, CDR)
    return found


def test_a_new_bill_is_a_credit_and_a_cdr_of_its_own_dated_when_it_was_said() -> None:
    before, after = priced(KNOWN), priced(context(tariff=CHEAP))
    credit, new = rerated(before, after, told())
    assert (credit.credit_reference_id, credit.total_cost.net) == (
        before.id,
        -before.total_cost.net,
    )
    assert (credit.last_updated, new.last_updated) == (SAID, SAID)
    assert new == renewed(after, told())
    assert (new.remark, new.total_cost) == ("a slip", after.total_cost)
    assert (credit.remark, before.remark) == ("a slip", "")
    assert rerated(before, after, told()) == (credit, new)
    assert len({before.id, credit.id, new.id, rerated(before, after, told(8))[1].id}) == 4


def test_the_same_bill_is_not_worth_a_correction() -> None:
    renamed = replace(DEAR, last_updated=SAID)
    after = priced(context(tariff=renamed))
    assert rerated(priced(KNOWN), after, told()) == ()
    assert correct(priced(KNOWN), after) == ()
    assert len(rerated(None, after, told())) == 1


def test_what_could_not_be_billed_so_brings_nothing() -> None:
    rejection = Rejection(ONE.id, 1, "tariff_missing", "no tariff")
    assert rerated(priced(KNOWN), rejection, told()) == ()


def test_an_id_is_of_session_version_and_entry() -> None:
    source = Source("operator", 7)
    ids = {
        rerated_id("s", 1, source),
        rerated_id("s", 2, source),
        rerated_id("t", 1, source),
        rerated_id("s", 1, Source("operator", 8)),
    }
    assert {len(one) for one in ids} == {36}
    assert len(ids) == 4
    assert rerated_id("s", 1, source) == "838177fd-59f0-56d1-ac4c-2f9eb4f0dc95"
