from pathlib import Path

import pytest

from pipelines.stretch import Stretch
from tests.pipelines.networks import busy, derived


@pytest.fixture(scope="session")
def busy_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose log `busy` tells; nobody may write into it."""
    data = tmp_path_factory.mktemp("busy")
    busy(data)
    return data


@pytest.fixture(scope="session")
def busy_stretch(busy_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Stretch:
    """That log derived in one build; nobody may write into its lake."""
    return derived(busy_log, tmp_path_factory.mktemp("lake"))
