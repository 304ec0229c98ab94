"""Whoever a path names can be written into every entry of the log."""

from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.handshake import read_path
from warehouse.log import say


@given(identity=st.text(min_size=1, max_size=260))
@example(identity='"' * 255)
@example(identity="\\" * 255)
@example(identity="⚡" * 255)
def test_every_identity_let_in_has_room_in_the_log(identity: str) -> None:
    address = read_path(f"/ocpp/1.6/{quote(identity, safe='')}")
    if address is None:
        assert len(identity.encode()) > 255 or not identity.isprintable()
    else:
        assert address.identity == identity
        assert say("message", "ocpp2.0.1", "out", identity, f"c{2**53}").tail
