"""Orphan containers on a real engine: ours go at once, everything else stays."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions.engine import labels
from functions.engine.docker import NoSuchThing
from functions.models import PoolEntry
from functions.models.execution import ExecutionState
from functions.models.pool_entry import PoolKind, PoolState
from functions.upkeep import reaper
from tests.functions.models import rows

if TYPE_CHECKING:
    from functions.build.platform import Platform

pytestmark = pytest.mark.django_db

Make = Callable[..., str]


def ours(platform: Platform, execution: str = "") -> dict[str, str]:
    return labels.container(platform.instance, platform.node, "W1", "v", execution or str(uuid.uuid4()))


def is_there(platform: Platform, container: str) -> bool:
    try:
        return platform.engine.state(container).running
    except NoSuchThing:
        return False


def test_an_orphan_is_removed_though_it_runs(real: Platform, container: Make) -> None:
    orphan = container(ours(real))
    reaper.sweep(real)
    assert not is_there(real, orphan)


@pytest.mark.parametrize("state", ExecutionState)
def test_the_container_of_an_open_call_stays(real: Platform, container: Make, state: ExecutionState) -> None:
    own = container(ours(real, str(rows.execution(state).pk)))
    reaper.sweep(real)
    assert is_there(real, own) is (state in (ExecutionState.QUEUED, ExecutionState.RUNNING))


def test_what_is_not_this_node_s_stays(real: Platform, container: Make) -> None:
    strangers = [
        container({}),
        container({"workerfront.role": "function"}),
        container(ours(replace(real, instance="another instance"))),
        container(ours(replace(real, node="another-node"))),
    ]
    orphan = container(ours(real))
    reaper.sweep(real)
    assert [is_there(real, stranger) for stranger in strangers] == [True] * 4
    assert not is_there(real, orphan)


@pytest.mark.parametrize("execution", ["", "no uuid", "../.."])
def test_a_label_that_names_no_call_protects_nothing(real: Platform, container: Make, execution: str) -> None:
    orphan = container({**ours(real), labels.EXECUTION: execution})
    reaper.sweep(real)
    assert not is_there(real, orphan)


def test_a_container_that_somebody_starts_by_hand_from_an_image_of_ours_stays(real: Platform, container: Make) -> None:
    by_hand = container(labels.image(real.instance, real.node, "W1", "v"))  # a container inherits its image's labels
    reaper.sweep(real)
    assert is_there(real, by_hand)


def test_a_network_holder_stays_as_long_as_its_row(real: Platform, container: Make) -> None:
    holder, lost = (container(labels.network(real.instance, real.node)) for _ in range(2))
    row = PoolEntry.objects.create(
        node=real.node, kind=PoolKind.NETWORK, state=PoolState.CLAIMED, container_name="h", container_id=holder
    )
    reaper.sweep(real)
    assert (is_there(real, holder), is_there(real, lost)) == (True, False)
    PoolEntry.objects.filter(pk=row.pk).update(state=PoolState.REMOVING)
    reaper.sweep(real)
    assert not is_there(real, holder)
    assert not PoolEntry.objects.exists()


def test_at_its_stop_a_node_removes_all_its_holders(real: Platform, container: Make) -> None:
    made = {state: container(labels.network(real.instance, real.node)) for state in PoolState}
    for state, container_id in made.items():
        PoolEntry.objects.create(
            node=real.node, kind=PoolKind.NETWORK, state=state, container_name="h", container_id=container_id
        )
    PoolEntry.objects.create(node="other", kind=PoolKind.NETWORK, container_name="of another node")
    reaper.clear_out(real)
    assert [entry.node for entry in PoolEntry.objects.all()] == ["other"]
    assert not any(is_there(real, container_id) for container_id in made.values())


def test_at_its_stop_the_container_of_a_call_that_was_cut_goes_and_its_record_is_closed(
    real: Platform, container: Make
) -> None:
    call = rows.execution(ExecutionState.RUNNING, owner="killed")
    cut = container(labels.container(real.instance, real.node, "W1", "v", str(call.pk)))
    reaper.clear_out(real)
    assert not is_there(real, cut)
    assert rows.snapshot(call)["state"] == ExecutionState.ABANDONED
