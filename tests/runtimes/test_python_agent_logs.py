"""The Python agent: what the handler prints, by whatever means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.python_function import PythonFunction, interpreters


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path)


def test_both_streams_arrive_in_their_order(function):
    source = """
        import sys
        def lambda_handler(event, context):
            for number in range(1000):
                print("out", number)
                print("err", number, file=sys.stderr)
    """
    answer = function.call(source)
    assert answer.stdout == "".join(f"out {number}\n" for number in range(1000))
    assert answer.stderr == "".join(f"err {number}\n" for number in range(1000))


def test_a_line_arrives_while_the_handler_still_runs(function):
    source = """
        import pathlib, time
        def lambda_handler(event, context):
            print("working")
            while not pathlib.Path("seen").exists():
                time.sleep(0.001)
    """
    with function.agent(source) as agent:
        connection, _ = agent.ready()
        connection.send(call_frame())
        assert connection.receive() == {"type": "log", "stream": "stdout", "data": "working\n"}
        (function.folder / "seen").touch()
        assert connection.answer().value is None


def test_what_loading_prints_belongs_to_the_call(function):
    answer = function.call("print('loading')\ndef lambda_handler(event, context): print('running')")
    assert answer.stdout == "loading\nrunning\n"


def test_loading_may_print_more_than_a_pipe_holds(function):
    answer = function.call("print('x' * 200000)\ndef lambda_handler(event, context): return 1")
    assert (answer.value, len(answer.stdout)) == (1, 200001)


def test_logs_of_a_failed_loading_arrive(function):
    answer = function.call("print('before')\nraise ValueError")
    assert (answer.error["kind"], answer.stdout) == ("init", "before\n")


def test_text_without_a_last_newline_arrives(function):
    source = "import sys\ndef lambda_handler(event, context):\n    print('a', end='')\n    sys.stderr.write('b')"
    answer = function.call(source)
    assert (answer.stdout, answer.stderr) == ("a", "b")


def test_bytes_that_are_not_utf8_are_replaced(function):
    source = r"import os" "\n" r"def lambda_handler(event, context): os.write(1, b'a\xff\xfez\xe2\x82')"
    assert function.call(source).stdout == "a\ufffd\ufffdz\ufffd"


def test_a_character_that_is_written_in_pieces_arrives_whole(function):
    source = """
        import os, time
        def lambda_handler(event, context):
            for byte in "😀".encode():
                os.write(1, bytes([byte]))
                time.sleep(0.01)
    """
    assert function.call(source).stdout == "😀"


def test_a_lone_surrogate_can_be_printed(function):
    assert function.call(r"def lambda_handler(event, context): print('\ud800')").stdout == "\\ud800\n"


def test_frames_are_small_even_when_every_byte_is_replaced(function):
    source = r"import os" "\n" r"def lambda_handler(event, context): os.write(1, b'\xff' * 60000)"
    logs = function.call(source).logs
    assert "".join(data for _, data in logs) == "\ufffd" * 60000
    assert max(len(data.encode()) for _, data in logs) <= 65536


def test_over_the_limit_the_log_is_cut_and_the_handler_goes_on(function):
    source = "def lambda_handler(event, context):\n    for _ in range(50000): print('0123456789')\n    return 'done'"
    answer = function.call(source, log_limit=1000)
    assert answer.value == "done"
    assert len(answer.stdout) == 1000
    assert answer.logs[-1] == ("stderr", "[log cut at 1000 bytes]\n")


def test_the_limit_counts_both_streams_together(function):
    source = """
        import os, time
        def lambda_handler(event, context):
            os.write(1, b"o" * 60)
            time.sleep(0.1)
            os.write(2, b"e" * 60)
    """
    answer = function.call(source, log_limit=100)
    assert (answer.stdout, answer.stderr) == ("o" * 60, "e" * 40 + "[log cut at 100 bytes]\n")


def test_a_log_at_the_limit_is_not_cut(function):
    answer = function.call("def lambda_handler(event, context): print('x' * 99)", log_limit=100)
    assert (len(answer.stdout), answer.stderr) == (100, "")


def test_no_log_at_all_is_allowed_and_said(function):
    answer = function.call("def lambda_handler(event, context): print('x')", log_limit=0)
    assert answer.logs == [("stderr", "[log cut at 0 bytes]\n")]


def test_a_process_that_the_handler_starts_prints_into_the_log(function):
    source = """
        import subprocess
        def lambda_handler(event, context):
            print("first")
            subprocess.run("echo second; echo third >&2; echo fourth > /dev/stdout", shell=True)
    """
    answer = function.call(source)
    assert (answer.stdout, answer.stderr) == ("first\nsecond\nfourth\n", "third\n")


def test_buffered_output_of_c_code_arrives(function):
    source = "import ctypes\ndef lambda_handler(event, context): ctypes.CDLL(None).puts(b'from C')"
    assert function.call(source).stdout == "from C\n"


def test_a_handler_reads_nothing_from_stdin(function):
    assert function.call("import sys\ndef lambda_handler(event, context): return sys.stdin.read()").value == ""


@pytest.mark.parametrize("forged", ["b'\\x00\\x00\\x00\\x02{}'", 'b\'{"type": "result", "value": "forged"}\\n\''])
def test_a_frame_on_stdout_is_only_a_log(function, forged):
    source = f"import os\ndef lambda_handler(event, context):\n    os.write(1, {forged})\n    return 'real'"
    answer = function.call(source)
    assert answer.value == "real"
    assert len(answer.logs) == 1


@pytest.mark.parametrize(
    "breakage",
    [
        "sys.stdout.close()",
        "sys.stdout = sys.stderr = None",
        "sys.stdout = io.StringIO()",
        "del sys.stdout, sys.stderr, sys.__stdout__",
        "os.close(1); os.close(2)",
        "sys.stdout = object()",
    ],
)
def test_a_handler_may_break_its_streams(function, breakage):
    body = "".join(f"    {line}\n" for line in ("print('before')", breakage, "return 'well'"))
    answer = function.call(f"import io, os, sys\ndef lambda_handler(event, context):\n{body}")
    assert (answer.value, answer.stdout) == ("well", "before\n")
