"""The rows of kept containers at once, in threads and in processes: one start, one claim, two at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.models import Image, PoolEntry
from functions.models.image import ImageState
from functions.models.pool_entry import STARTS_AT_ONCE, PoolKind, PoolState
from tests.functions.models import rows
from tests.races import processes
from tests.races.windows import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, PROCESSES = 20, 8
HOUR = timedelta(hours=1)


@pytest.fixture
def image() -> Image:
    return rows.image(ImageState.READY, last_used_at=timezone.now())


def begin(kind: PoolKind, image: Image) -> PoolEntry | None:
    begun = {
        PoolKind.LONG_LIVED: PoolEntry.objects.begin_long_lived,
        PoolKind.PREWARMED: PoolEntry.objects.begin_prewarmed,
    }
    return begun[kind](image, container_name="c")


def idle(image: Image, number: int) -> PoolEntry:
    now = timezone.now()
    known = {"node": image.node, "kind": PoolKind.PREWARMED, "state": PoolState.IDLE, "fingerprint": "f"}
    times = {"last_used_at": now, "expires_at": now + HOUR}
    return PoolEntry.objects.create(image=image, container_name=f"c{number}", **known, **times)


def claim(image: Image, owner: str = "me") -> PoolEntry | None:
    now, wanted = timezone.now(), {"image": image, "fingerprint": "f"}
    return PoolEntry.objects.claim(
        image.node, PoolKind.PREWARMED, owner, lasting=now, lease=now + timedelta(minutes=1), **wanted
    )


@pytest.mark.parametrize(("kind", "most"), [(PoolKind.LONG_LIVED, 1), (PoolKind.PREWARMED, STARTS_AT_ONCE)])
def test_so_many_of_twenty_start_a_container(image: Image, kind: PoolKind, most: int) -> None:
    begun = [entry for entry in at_once([lambda: begin(kind, image)] * PEOPLE) if entry]
    assert len(begun) == most
    assert {entry.pk for entry in begun} == {entry.pk for entry in PoolEntry.objects.filter(state=PoolState.STARTING)}


def test_so_many_of_eight_processes_start_a_container(image: Image) -> None:
    prewarmed, long_lived = (
        f"bool(PoolEntry.objects.begin_{kind}(Image.objects.get(pk={image.pk}), container_name='c'))"
        for kind in ("prewarmed", "long_lived")
    )
    begun = processes.at_once([prewarmed, long_lived] * (PROCESSES // 2))
    assert (begun[::2].count(True), begun[1::2].count(True)) == (STARTS_AT_ONCE, 1)


@pytest.mark.parametrize("end", ["started", "begin_removal"])
def test_a_start_that_has_ended_makes_room_for_one_more(image: Image, end: str) -> None:
    first, second = (begin(PoolKind.PREWARMED, image) for _ in range(STARTS_AT_ONCE))
    assert first
    assert second
    assert begin(PoolKind.PREWARMED, image) is None
    assert getattr(PoolEntry.objects, end)(first)
    begun = at_once([lambda: begin(PoolKind.PREWARMED, image)] * 4)
    assert len([entry for entry in begun if entry]) == 1


def test_two_nodes_and_two_images_do_not_wait_for_each_other(image: Image) -> None:
    other = rows.image(ImageState.READY, image.function, node="another-node")
    begun = [begin(kind, one) for one in (image, other) for kind in (PoolKind.LONG_LIVED, PoolKind.PREWARMED)]
    assert all(begun)


def test_the_next_long_lived_container_may_start_when_the_last_one_is_on_its_way_out(image: Image) -> None:
    entry = begin(PoolKind.LONG_LIVED, image)
    assert entry
    assert PoolEntry.objects.started(entry, PoolState.SERVING)
    assert begin(PoolKind.LONG_LIVED, image) is None
    assert PoolEntry.objects.begin_removal(entry)
    assert PoolEntry.objects.long_lived(image) is None
    assert begin(PoolKind.LONG_LIVED, image)


def test_a_prewarmed_container_is_claimed_once_by_twenty_callers(image: Image) -> None:
    pool = {idle(image, number).pk for number in range(6)}
    claimed = at_once([lambda: claim(image)] * PEOPLE)
    assert sorted(entry.pk for entry in claimed if entry) == sorted(pool)
    assert claim(image) is None


def test_a_prewarmed_container_is_claimed_once_by_several_processes(image: Image) -> None:
    pool = {idle(image, number).pk for number in range(3)}
    expression = (
        f"getattr(PoolEntry.objects.claim('{image.node}', 'prewarmed', 'p', lasting=timezone.now(), "
        f"lease=timezone.now() + timedelta(minutes=1), image={image.pk}, fingerprint='f'), 'pk', None)"
    )
    claimed = processes.at_once([expression] * 5)
    assert sorted(pk for pk in claimed if pk) == sorted(pool)
    assert claimed.count(None) == 2


def test_a_container_that_is_claimed_under_its_thinning_out_serves(image: Image) -> None:
    entry = idle(image, 1)
    removing, claimed = overtaken(lambda: PoolEntry.objects.begin_removal(entry), lambda: claim(image))
    assert (removing, claimed) == (False, entry)


def test_a_container_that_goes_under_a_claim_is_not_claimed(image: Image) -> None:
    entry = idle(image, 1)
    claimed, removing = overtaken(lambda: claim(image), lambda: PoolEntry.objects.begin_removal(entry))
    assert (claimed, removing) == (None, True)


def test_a_start_whose_row_is_taken_serves_nobody(image: Image) -> None:
    entry = begin(PoolKind.LONG_LIVED, image)
    assert entry
    seen = PoolEntry.objects.get()
    started, removing = overtaken(
        lambda: PoolEntry.objects.started(entry, PoolState.SERVING), lambda: PoolEntry.objects.begin_removal(seen)
    )
    assert (started, removing) == (False, True)
    assert PoolEntry.objects.get().state == PoolState.REMOVING
