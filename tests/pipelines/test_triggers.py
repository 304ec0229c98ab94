"""`dagster dev` derives by itself: once for each piece of news, never because of its own runs."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from billing.party import Token
from ingest.protocols import actions
from pipelines.definitions import JOB, definitions
from pipelines.news import has_news
from pipelines.resources import UNTIL_TAG
from pipelines.standing import DerivationError, alone, finished_until
from tests.pipelines.story import Story
from warehouse.clock import simulate, to_ns
from warehouse.lake import Lake
from warehouse.log import origins, watermark

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
pytestmark = pytest.mark.filterwarnings("ignore")
MINUTE_NS = 60 * 10**9


def told(data: Path) -> Story:
    """One session that ended at nine; the clock stands at five past."""
    with Story(data) as story:
        story.sets_up("A")
        story.charges("A", 1, story.at(hour=8))
        story.at(hour=9, minute=5)
    simulate(data, to_ns(story.clock.at))
    return story


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def asked(data: Path, instance: dg.DagsterInstance) -> dg.RunRequest | None:
    """What the sensor asks for now."""
    graph = definitions(data)
    context = dg.build_sensor_context(instance, definitions=graph)
    found = graph.resolve_sensor_def("news_in_the_log").evaluate_tick(context)
    requests = found.run_requests or []
    assert len(requests) <= 1
    return requests[0] if requests else None


def run(data: Path, instance: dg.DagsterInstance, request: dg.RunRequest) -> None:
    """Run what was asked for, and let the run be recorded."""
    graph = definitions(data)
    result = graph.resolve_job_def(JOB).execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        tags=dict(request.tags),
        run_config=QUIET,
    )
    assert result.success
    (ended,) = (event for event in result.all_events if event.is_job_success)
    recorder = graph.resolve_sensor_def("run_finished")
    recorder(
        dg.build_run_status_sensor_context(
            sensor_name="run_finished",
            dagster_event=ended,
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        )
    )


def test_all_triggers_are_on(tmp_path: Path) -> None:
    told(tmp_path)
    graph = definitions(tmp_path)
    assert {str(one.default_status.value) for one in graph.sensors or []} == {"RUNNING"}
    assert {str(one.default_status.value) for one in graph.schedules or []} == {"RUNNING"}


def test_a_run_for_each_piece_of_news_and_none_for_its_own_entry(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    story = told(tmp_path)
    first = asked(tmp_path, instance)
    assert first is not None
    run(tmp_path, instance, first)
    assert finished_until(tmp_path) == int(first.tags[UNTIL_TAG])
    assert Lake(tmp_path / "lake").read("session").is_empty()
    assert asked(tmp_path, instance) is None

    story.at(hour=9, minute=20)  # what was heard has settled now
    simulate(tmp_path, to_ns(story.clock.at))
    settled = asked(tmp_path, instance)
    assert settled is not None
    run(tmp_path, instance, settled)
    assert Lake(tmp_path / "lake").read("cdr").height == 1
    assert asked(tmp_path, instance) is None

    with story:
        story.at(hour=11)
        story.says(actions.TokenAdd(Token("NEW", "RFID", "NL-ABC", "NL-ABC-C00009-1")))
    simulate(tmp_path, to_ns(story.clock.at))
    assert asked(tmp_path, instance) is not None


def test_ticks_are_no_news(tmp_path: Path) -> None:
    story = told(tmp_path)
    done = watermark(origins(tmp_path / "log"))
    with story:
        story.at(hour=9, minute=7)
    assert not has_news(tmp_path, done, watermark(origins(tmp_path / "log")))
    assert has_news(tmp_path, done - 7 * MINUTE_NS, done)


def test_no_run_while_somebody_else_derives(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    told(tmp_path)
    request = asked(tmp_path, instance)
    assert request is not None
    with alone(tmp_path), pytest.raises(dg.DagsterResourceFunctionError) as refused:
        run(tmp_path, instance, request)
    assert isinstance(refused.value.user_exception, DerivationError)
    run(tmp_path, instance, request)


def test_a_lake_that_went_further_is_not_recorded_as_an_older_run(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    story = told(tmp_path)
    first = asked(tmp_path, instance)
    assert first is not None
    run(tmp_path, instance, first)
    story.at(hour=9, minute=20)
    simulate(tmp_path, to_ns(story.clock.at))
    second = asked(tmp_path, instance)
    assert second is not None
    run(tmp_path, instance, second)
    before = finished_until(tmp_path)
    run(tmp_path, instance, second)
    assert finished_until(tmp_path) == before
