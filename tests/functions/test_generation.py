"""The mark of what routes calls: new after each change, in whichever process, and not before the change holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from functions import generation
from functions.models import Configuration, Function, Image, PoolEntry
from functions.models.image import ImageState
from functions.models.pool_entry import PoolKind, PoolState
from tests.functions.models import rows
from tests.races.processes import started

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db(transaction=True)

MARKING = "from functions import generation; generation.changed()"


def test_a_change_makes_a_new_mark_and_a_look_does_not() -> None:
    seen = generation.current()
    assert generation.current() == seen
    generation.changed()
    assert generation.current() != seen


def test_a_change_in_another_process_is_seen_here() -> None:
    seen = generation.current()
    with started(MARKING) as process:
        assert process.wait() == 0
    assert generation.current() != seen


def test_in_a_transaction_the_mark_waits_for_its_end() -> None:
    seen = generation.current()
    with transaction.atomic():
        generation.changed()
        assert generation.current() == seen
    assert generation.current() != seen


def test_a_change_that_is_taken_back_leaves_no_mark() -> None:
    seen = generation.current()
    with transaction.atomic():
        generation.changed()
        transaction.set_rollback(True)
    assert generation.current() == seen


def test_a_folder_without_a_mark_gets_one() -> None:
    settings.WF_GENERATION.unlink()
    assert generation.current() == generation.current()


def entry(kind: PoolKind, state: PoolState) -> PoolEntry:
    return PoolEntry.objects.create(node="n", kind=kind, state=state, container_name="c")


def configured() -> bool:
    return Configuration.objects.change(Configuration.objects.get(), container_pool_num=9)


CHANGES: dict[str, Callable[[], object]] = {
    "a function is saved": lambda: Function.objects.get().save() or True,
    "a function is outdated": lambda: Function.objects.outdate(Function.objects.get().pk),
    "a function is deleted": lambda: Function.objects.get().delete(),
    "an image is queued": lambda: Image.objects.enqueue(Image.objects.get().pk, "another"),
    "an image is lost": lambda: Image.objects.lost(Image.objects.get().pk, "sha256:aaa"),
    "the configuration changes": configured,
    "a long-lived container serves": lambda: PoolEntry.objects.started(
        PoolEntry.objects.get(state=PoolState.STARTING), PoolState.SERVING
    ),
    "a long-lived container goes": lambda: PoolEntry.objects.begin_removal(
        PoolEntry.objects.get(state=PoolState.SERVING)
    ),
}
OTHERS: dict[str, Callable[[], object]] = {
    "an image is used": lambda: Image.objects.pin(Image.objects.get().pk, rows.VERSION),
    "a source is looked at": lambda: Function.objects.begin_source_check(Function.objects.get().pk, 0),
    "nothing was changed": lambda: not Image.objects.renew(Image.objects.get().pk, rows.TOKEN),
    "a call is written down": lambda: rows.execution(function=Function.objects.get()),
    "a holder is released": lambda: PoolEntry.objects.release(PoolEntry.objects.get(kind=PoolKind.NETWORK).pk),
}


@pytest.mark.parametrize(
    ("change", "marks"),
    [(change, True) for change in CHANGES.values()] + [(change, False) for change in OTHERS.values()],
    ids=[*CHANGES, *OTHERS],
)
def test_what_sends_calls_elsewhere_is_marked_and_nothing_else(change: Callable[[], object], marks: bool) -> None:
    rows.image(ImageState.READY, last_used_at=timezone.now())
    Configuration.objects.of("n")
    entry(PoolKind.LONG_LIVED, PoolState.STARTING)
    entry(PoolKind.LONG_LIVED, PoolState.SERVING)
    entry(PoolKind.NETWORK, PoolState.CLAIMED)
    seen = generation.current()
    assert change()
    assert (generation.current() != seen) is marks
