"""A package that kills every builder: three attempts, then a failed build; no endless loop, and nobody waits longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract import records
from tests.docker.functions import node

if TYPE_CHECKING:
    from tests.worker import Worker


def test_a_package_that_kills_every_builder_is_a_failed_build(own_worker: Worker) -> None:
    own_worker.environment["WF_CRASHPOINT"] = "building"
    own_worker.start()
    own_worker.until_it_builds()
    own_worker.deploy("Deadly", node("return 1;"))
    reply = own_worker.execute("Deadly", {})
    assert (reply.status, reply.json["Code"]) == (502, "build_failed")
    assert "died 3 times" in reply.json["Message"]
    row = records.image(own_worker, "Deadly")
    assert (row["state"], row["attempts"]) == ("FAILED", 0)
    assert own_worker.execute("Deadly", {}).json["Code"] == "build_failed"  # at once: the back-off holds
    own_worker.stop()
    del own_worker.environment["WF_CRASHPOINT"]
    own_worker.start()
    own_worker.manage("shell", "-c", "from functions.models import *; Image.objects.retry_now(Image.objects.get().pk)")
    assert own_worker.execute("Deadly", {}).status == 200
