"""Deleting: the image, the file and the row go together; what is being built or used is refused with a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from functions.errors import Conflict
from functions.models import Execution, Function, Image
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from functions.upkeep import eviction
from tests.functions.admin.conftest import FUNCTIONS, IMAGES
from tests.functions.admin.test_function_add import uploads
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("platform")]

BUILDING = [ImageState.QUEUED, ImageState.BUILDING]


@pytest.fixture
def ready(fake_engine: FakeEngine) -> Image:
    """A built function with an upload."""
    image = rows.image(ImageState.READY)
    image.function.package.save("x", ContentFile(b"zip"))
    fake_engine.built["sha256:aaa"] = {}
    return image


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers that are on their way out are not waited for."""
    monkeypatch.setattr(eviction, "LEAVING_LIMIT_S", 0)


def delete(browser: Client, path: str) -> str:
    """Deletes with the page's own button; the page after it."""
    asked = browser.get(f"{path}delete/")
    assert "Are you sure" in asked.content.decode()
    page = browser.post(f"{path}delete/", {"post": "yes"}, follow=True)
    assert page.status_code == 200
    return str(page.content.decode())


def delete_selected(browser: Client, path: str, *pks: int) -> str:
    """The action of a list."""
    chosen = {"action": "delete_selected", "_selected_action": pks, "post": "yes"}
    page = browser.post(path, chosen, follow=True)
    assert page.status_code == 200
    return str(page.content.decode())


@pytest.mark.parametrize("how", ["page", "action"])
def test_a_function_goes_with_its_image_and_its_file(
    browser: Client, fake_engine: FakeEngine, ready: Image, how: str
) -> None:
    call = rows.execution(ExecutionState.SUCCEEDED, function=ready.function)
    if how == "page":
        said = delete(browser, f"{FUNCTIONS}{ready.function_id}/")
    else:
        said = delete_selected(browser, FUNCTIONS, ready.function_id)
    assert "success" in said
    assert fake_engine.built == {}
    assert uploads() == []
    assert not Function.objects.exists()
    assert not Image.objects.exists()
    assert Execution.objects.get().pk == call.pk


@pytest.mark.parametrize("how", ["page", "action"])
@pytest.mark.parametrize("state", BUILDING)
def test_a_function_that_is_being_built_stays(
    browser: Client, fake_engine: FakeEngine, ready: Image, state: ImageState, how: str
) -> None:
    Image.objects.update(state=state)
    if how == "page":
        said = delete(browser, f"{FUNCTIONS}{ready.function_id}/")
    else:
        said = delete_selected(browser, FUNCTIONS, ready.function_id)
    assert '<li class="error">Hf_w1 is being built, or a call uses it.</li>' in said
    assert Function.objects.exists()
    assert len(uploads()) == 1
    assert list(fake_engine.built) == ["sha256:aaa"]
    uploads()[0].unlink()


@pytest.mark.parametrize("how", ["page", "action"])
def test_an_image_goes_and_the_function_stays(browser: Client, fake_engine: FakeEngine, ready: Image, how: str) -> None:
    if how == "page":
        delete(browser, f"{IMAGES}{ready.pk}/")
    else:
        delete_selected(browser, IMAGES, ready.pk)
    assert fake_engine.built == {}
    assert not Image.objects.exists()
    assert Function.objects.exists()
    uploads()[0].unlink()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["page", "action"])
@pytest.mark.parametrize("path", [FUNCTIONS, IMAGES])
def test_an_image_in_use_is_refused_and_can_be_used_further(
    browser: Client, fake_engine: FakeEngine, ready: Image, path: str, how: str
) -> None:
    fake_engine.failing["remove_image"] = [Conflict("a running container uses it")]
    pk = ready.pk if path == IMAGES else ready.function_id
    said = delete(browser, f"{path}{pk}/") if how == "page" else delete_selected(browser, path, pk)
    assert '<li class="error">Hf_w1 is used by a container. Try again later.</li>' in said
    assert Image.objects.get().state == ImageState.ABSENT
    assert Image.objects.enqueue(ready.pk, rows.VERSION)
    uploads()[0].unlink()


@pytest.mark.parametrize("path", [FUNCTIONS, IMAGES])
def test_the_engine_is_not_asked_inside_of_a_transaction(
    browser: Client, fake_engine: FakeEngine, ready: Image, path: str
) -> None:
    inside: list[bool] = []
    remove = fake_engine.remove_image

    def watched(image_id: str, **options: bool) -> None:
        inside.append(connection.in_atomic_block)
        remove(image_id, **options)

    fake_engine.remove_image = watched  # type: ignore[method-assign]
    delete(browser, f"{path}{ready.pk if path == IMAGES else ready.function_id}/")
    assert inside == [False]
    for left in uploads():
        left.unlink()


def test_a_function_without_anything_is_deleted_without_the_engine(
    browser: Client, platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    function = rows.function()
    delete(browser, f"{FUNCTIONS}{function.pk}/")
    assert not Function.objects.exists()
    assert fake_engine.history == []
