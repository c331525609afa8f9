"""What a build does with a Java package: the sources become classes, or the compiler says why not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import AgentProcess
from tests.runtimes.steps import compile_function

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ("tests.runtimes.java_agent",)

GREETING = 'package main; public class Main { public static String lambda_handler() { return "grüß dich"; } }'
PROCESSOR = """package evil;
import java.util.Set;
import javax.annotation.processing.*;
import javax.lang.model.element.TypeElement;
@SupportedAnnotationTypes("*")
public class Processor extends AbstractProcessor {
    public boolean process(Set<? extends TypeElement> types, RoundEnvironment round) {
        throw new IllegalStateException("a processor runs");
    }
}
"""


class Package:
    """A function's folder, and an agent of its own that its classes are put beside."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.folder = folder

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def compiled(self, files: dict[str, str]) -> None:
        self.write(files)
        result = compile_function(self.home, self.folder)
        assert result.returncode == 0, result.stderr

    def refused(self, files: dict[str, str]) -> str:
        self.write(files)
        result = compile_function(self.home, self.folder)
        assert result.returncode != 0
        return result.stdout + result.stderr

    def answer(self, handler: str = "main.Main.lambda_handler") -> object:
        with AgentProcess(["sh", str(self.home / "start.sh")], self.folder, handler) as agent:
            return agent.call().value

    def pack(self, jar: str) -> None:
        """Puts the classes that were made into a jar, and takes the sources and classes away."""
        (self.folder / "lib").mkdir(exist_ok=True)
        shutil.make_archive(str(self.folder / "lib" / jar), "zip", self.home / "classes")
        (self.folder / "lib" / f"{jar}.zip").rename(self.folder / "lib" / f"{jar}.jar")
        shutil.rmtree(self.home / "classes")
        (self.home / "classes").mkdir()
        for path in self.folder.iterdir():
            if path.name != "lib":
                shutil.rmtree(path)


@pytest.fixture
def package(home: Path, tmp_path: Path) -> Package:
    own_home = shutil.copytree(home, tmp_path / "agent", ignore=shutil.ignore_patterns("classes", "*.jsa"))
    (own_home / "classes").mkdir()
    (tmp_path / "function").mkdir()
    return Package(own_home, tmp_path / "function")


def test_a_source_is_read_as_utf_8(package: Package) -> None:
    package.compiled({"main/Main.java": GREETING})
    assert package.answer() == "grüß dich"


def test_sources_may_lie_in_any_folder(package: Package) -> None:
    package.compiled({'src/a "quoted" \\ folder/Main.java': GREETING})
    assert package.answer() == "grüß dich"


def test_a_file_name_is_never_an_option(package: Package) -> None:
    package.compiled({"-d.java": "class Odd {}", "@x.java": "class Odder {}", "main/Main.java": GREETING})
    assert package.answer() == "grüß dich"


def test_a_source_sees_our_classes(package: Package) -> None:
    source = (
        "package main; public class Main { public static Object lambda_handler(java.util.Map<String, Object> event,"
    )
    package.compiled({"main/Main.java": source + "lalb.Context c) { return new lalb.Response(1, c.getCallId()); } }"})
    assert package.answer() == {"statusCode": 1, "body": "call-1"}


def test_an_error_is_told_in_the_compilers_words_with_its_place(package: Package) -> None:
    words = package.refused({"main/Main.java": "package main;\n\nclass Main { int x = none; }\n"})
    assert words.startswith("main/Main.java:3: error: cannot find symbol\n")
    assert words.endswith("1 error\n")


def test_jars_are_seen_by_the_compiler_and_by_the_function(package: Package) -> None:
    package.compiled({"dep/Word.java": 'package dep; public class Word { public static String SAID = "from a jar"; }'})
    package.pack("dep")
    source = "package main; public class Main { public static Object lambda_handler() { return dep.Word.SAID; } }"
    package.compiled({"main/Main.java": source})
    assert package.answer() == "from a jar"


def test_a_package_of_jars_alone_needs_no_source(package: Package) -> None:
    package.compiled({"main/Main.java": GREETING})
    package.pack("main")
    package.compiled({})
    assert package.answer() == "grüß dich"


def test_a_package_of_class_files_alone_needs_no_source(package: Package) -> None:
    package.compiled({"main/Main.java": GREETING})
    shutil.copytree(package.home / "classes", package.folder, dirs_exist_ok=True)
    shutil.rmtree(package.home / "classes")
    (package.folder / "main/Main.java").unlink()
    package.compiled({})
    assert package.answer() == "grüß dich"


def test_annotation_processors_do_not_run(package: Package) -> None:
    package.compiled({"evil/Processor.java": PROCESSOR})
    services = package.home / "classes/META-INF/services"
    services.mkdir(parents=True)
    (services / "javax.annotation.processing.Processor").write_text("evil.Processor")
    package.pack("evil")
    package.compiled({"main/Main.java": GREETING})
    assert package.answer() == "grüß dich"
