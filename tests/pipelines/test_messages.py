"""Headers are split by one expression over a column; whatever it says, the frame reader agrees."""

import json
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.protocols.ocpp.frame import read_frame
from pipelines.days import whole_log
from pipelines.messages import messages, split
from tests.pipelines.story import Story
from warehouse.lake import Lake

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ACTION = st.sampled_from(["MeterValues", "Heartbeat", "", "Boot Notification"]) | TEXT
FRAME = st.one_of(
    st.tuples(st.sampled_from([2, 6]), TEXT, ACTION, st.dictionaries(TEXT, JSON, max_size=3)),
    st.tuples(st.just(3), TEXT, st.dictionaries(TEXT, JSON, max_size=3)),
    st.tuples(st.sampled_from([4, 5]), TEXT, TEXT, TEXT, st.just({})),
    st.lists(JSON, max_size=5),
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])


def log_rows(*payloads: bytes, kind: str = "message") -> pl.DataFrame:
    count = len(payloads)
    return pl.DataFrame(
        {
            "origin": ["ingest-1"] * count,
            "index": list(range(count)),
            "received_ns": [1_790_000_000_000_000_123 + n for n in range(count)],
            "kind": [kind] * count,
            "protocol": ["ocpp1.6"] * count,
            "direction": ["in"] * count,
            "peer": ["A"] * count,
            "connection": ["A-1"] * count,
            "counter": list(range(count)),
            "payload": list(payloads),
        }
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(FRAME, SEPARATORS, st.booleans()), min_size=1, max_size=20))
def test_the_split_header_is_the_frame_readers(
    frames: list[tuple[object, tuple[str, str], bool]],
) -> None:
    texts = [
        json.dumps(frame, separators=separators, ensure_ascii=ascii_only)
        for frame, separators, ascii_only in frames
    ]
    rows = split(log_rows(*[text.encode("utf-8", "surrogatepass") for text in texts]))
    for row in rows.iter_rows(named=True):
        read = read_frame(row["payload"])
        found = (row["message_type"], row["message_id"], row["action"])
        assert found == (read.type, read.message_id, read.action)


def test_text_is_kept_verbatim_and_bytes_that_are_no_text_are_shown() -> None:
    rows = split(log_rows(b'[2,"1","Heartbeat",{ }]', b"\xff\xfe", b""))
    assert rows["payload"].to_list() == ['[2,"1","Heartbeat",{ }]', "\\xff\\xfe", ""]
    assert rows["message_type"].to_list() == [2, None, None]


def test_a_connection_has_no_header() -> None:
    row = split(log_rows(b'{"event":"opened"}', kind="connection")).row(0, named=True)
    assert (row["message_type"], row["message_id"], row["action"]) == (None, "", "")


def test_only_frames_and_connections_up_to_the_watermark_are_messages(tmp_path: Path) -> None:
    with Story(tmp_path) as story:
        story.sets_up("A")
        story.connects("A")
        story.calls_us("A", "Heartbeat", {})
        story.at(day=2)
        story.calls_us("A", "Heartbeat", {})
    stretch = whole_log(tmp_path, Lake(tmp_path / "lake"))
    assert stretch is not None
    rows = pl.concat(messages(stretch))
    assert rows["action"].to_list() == ["", "Heartbeat", "Heartbeat"]
    assert [day.day for day in rows["day"]] == [1, 1, 2]
    earlier = pl.concat(messages(stretch.alone(stretch.days[0])))
    assert earlier.rows() == rows.head(2).rows()
