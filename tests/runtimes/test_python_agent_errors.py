"""The Python agent: what goes wrong in loading, in the handler and with its result."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtimes.python_function import PythonFunction, interpreters


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path)


def init_error(function: PythonFunction, source: str, **options: object) -> tuple[str, str]:
    error = function.call(source, **options).error
    assert error["kind"] == "init"
    return error["errorType"], error["errorMessage"]


def result_error(function: PythonFunction, expression: str, **options: object) -> tuple[str, str]:
    error = function.call(f"def lambda_handler(event, context): return {expression}", **options).error
    assert error["kind"] == "result"
    return error["errorType"], error["errorMessage"]


def test_a_missing_file_is_named(function):
    message = "the package has no nothere.py (No module named 'nothere')"
    assert init_error(function, "", handler="nothere.run") == ("HandlerNotFoundError", message)


def test_a_missing_function_is_named(function):
    error = init_error(function, "def other(): pass")
    assert error == ("HandlerNotFoundError", "main.py has no function lambda_handler")


def test_a_handler_must_be_a_function(function):
    error = init_error(function, "lambda_handler = 5")
    assert error == ("HandlerNotFoundError", "lambda_handler in main.py is no function but int")


@pytest.mark.parametrize("notation", ["main", ".lambda_handler", "main."])
def test_a_handler_has_a_module_and_a_function(function, notation):
    error = init_error(function, "", handler=notation)
    assert error == ("HandlerNotFoundError", f"the handler '{notation}' is not of the form module.function")


def test_a_missing_dependency_points_to_the_manifest(function):
    error = init_error(function, "import not_installed")
    assert error == ("ModuleNotFoundError", "No module named 'not_installed': is it listed in requirements.txt?")


def test_a_syntax_error_has_its_line(function):
    error = function.call("x = 1\ndef lambda_handler(event context):\n    pass").error
    assert (error["kind"], error["errorType"]) == ("init", "SyntaxError")
    assert "main.py, line 2" in error["errorMessage"]
    assert error["stackTrace"] == [f'File "{function.folder}/main.py", line 2\n    def lambda_handler(event context):']


def test_an_error_at_import_has_a_trace_of_the_function_alone(function):
    error = function.call("def broken():\n    raise KeyError('at import')\nbroken()").error
    assert (error["kind"], error["errorType"], error["errorMessage"]) == ("init", "KeyError", "'at import'")
    assert [entry.splitlines()[0] for entry in error["stackTrace"]] == [
        f'File "{function.folder}/main.py", line 3, in <module>',
        f'File "{function.folder}/main.py", line 2, in broken',
    ]


def test_sys_exit_at_import_is_an_error_of_loading(function):
    assert init_error(function, "import sys; sys.exit(3)") == ("SystemExit", "3")


def test_a_failed_loading_is_told_once_there_is_a_call(function):
    with function.agent("raise ValueError('no')") as agent:
        _, ready = agent.ready()
        assert ready["type"] == "ready"


def test_an_exception_of_the_handler_has_type_message_trace_and_times(function):
    error = function.call("def lambda_handler(event, context):\n    raise ValueError('grüße 😀')").error
    assert (error["kind"], error["errorType"], error["errorMessage"]) == ("handler", "ValueError", "grüße 😀")
    assert len(error["stackTrace"]) == 1
    assert "in lambda_handler\n    raise ValueError" in error["stackTrace"][0]
    assert error["started_ms"] <= error["ended_ms"]


@pytest.mark.parametrize("statement", ["raise SystemExit(4)", "import sys; sys.exit(4)"])
def test_sys_exit_is_an_exception_like_any_other(function, statement):
    error = function.call(f"def lambda_handler(event, context): {statement}").error
    assert (error["kind"], error["errorType"], error["errorMessage"]) == ("handler", "SystemExit", "4")


def test_endless_recursion_is_an_error_with_a_bounded_trace(function):
    error = function.call("def lambda_handler(event, context): return lambda_handler(event, context)").error
    assert (error["kind"], error["errorType"]) == ("handler", "RecursionError")
    assert 0 < len(error["stackTrace"]) <= 100


def test_an_exception_that_cannot_be_shown_is_still_an_error(function):
    source = """
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError("not even this")
        def lambda_handler(event, context):
            raise Odd
    """
    error = function.call(source).error
    assert (error["errorType"], error["errorMessage"]) == ("Odd", "(the exception cannot be shown as text)")


def test_a_message_that_is_not_fit_for_utf8_is_escaped(function):
    error = function.call(r"def lambda_handler(event, context): raise ValueError('a\ud800z')").error
    assert error["errorMessage"] == r"a\ud800z"


def test_a_huge_message_is_cut(function):
    error = function.call("def lambda_handler(event, context): raise ValueError('x' * 10**8)").error
    assert error["errorMessage"] == "x" * 65536


def test_an_error_survives_a_module_of_the_function_that_hides_traceback(function):
    function.write("raise RuntimeError('not that traceback')", "traceback.py")
    error = function.call("def lambda_handler(event, context): raise ValueError('shown')").error
    assert (error["errorMessage"], error["stackTrace"]) == ("shown", [])


@pytest.mark.parametrize("number", ["float('nan')", "float('inf')", "[-float('inf')]", "{'a': {'b': float('nan')}}"])
def test_a_number_that_json_does_not_know_is_no_result(function, number):
    assert result_error(function, number)[0] == "ValueError"


@pytest.mark.parametrize("value", ["b'bytes'", "{1, 2}", "object()", "print", "{'a': b''}"])
def test_a_type_that_json_does_not_know_is_no_result(function, value):
    kind, message = result_error(function, value)
    assert kind == "TypeError"
    assert "is not JSON serializable" in message


def test_a_key_that_json_does_not_know_is_no_result(function):
    assert result_error(function, "{(1, 2): 3}")[0] == "TypeError"


@pytest.mark.parametrize("value", [r"'\ud800'", r"{'\udfff': 1}", r"['ok', '\ud83d']"])
def test_a_lone_surrogate_is_no_result(function, value):
    assert result_error(function, value)[0] == "UnicodeEncodeError"


def test_a_cycle_is_no_result(function):
    error = function.call("def lambda_handler(event, context):\n    a = []\n    a.append(a)\n    return a").error
    assert (error["kind"], error["errorType"]) == ("result", "ValueError")


def test_a_value_that_is_nested_too_deeply_is_no_result(function):
    source = """
        def lambda_handler(event, context):
            value = []
            for _ in range(1000000):
                value = [value]
            return value
    """
    error = function.call(source).error
    assert (error["kind"], error["errorType"]) == ("result", "RecursionError")


def test_a_result_over_the_limit_is_too_large(function):
    error = result_error(function, "'x' * 999", result_limit=1000)
    assert error == ("ResultTooLarge", "the result has 1001 bytes as JSON; the limit is 1000")


def test_a_result_at_the_limit_is_not_too_large(function):
    source = "def lambda_handler(event, context): return 'ü' * 499"
    assert function.call(source, result_limit=1000).value == "ü" * 499


def test_a_result_never_exceeds_a_frame_whatever_the_limit(function):
    assert result_error(function, "'x' * 17 * 1024 * 1024", result_limit=10**9)[0] == "ResultTooLarge"
