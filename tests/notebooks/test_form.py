"""Form of the lessons: head, first cells, size, links, imports, and agreement with the sources."""

import ast
import re
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from tools import notebooks as builder
from tools.notebooks import ROOT

LESSONS = [head.name for head in builder.heads()]
EXERCISES = ROOT / "notebooks" / "exercises" / "sources"
PACKAGES = {"learning_reid", "reid_course", "reid_store", "reid_synth"}


def read_built(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def text_of(book: NotebookNode, kind: str) -> str:
    return "\n".join(cell.source for cell in book.cells if cell.cell_type == kind)


def test_each_lesson_has_a_source() -> None:
    assert LESSONS
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(LESSONS)


def test_lessons_agree_with_their_sources() -> None:
    outdated = []
    for name in LESSONS:
        book = read_built(name)
        last_run = re.search(r"\*\*Last run with\*\* (.+)", book.cells[0].source)
        fresh = builder.assemble(ROOT / "notebooks" / "sources" / f"{name}.py", last_run[1] if last_run else "")
        cells = [
            [(cell.id, cell.cell_type, cell.source, cell.metadata) for cell in each.cells] for each in (book, fresh)
        ]
        if cells[0] != cells[1]:
            outdated.append(name)
    assert not outdated, "make notebooks"


def test_lessons_are_ready_for_readers() -> None:
    for name in LESSONS:
        book = read_built(name)
        assert not builder.find_problems(book), name
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), f"{name}: run once, in order"
        assert "parameters" in book.cells[2].metadata.tags, name
        assert re.search(r'^DATA = "embedded"  # @param|^FRAMES = "synthetic', book.cells[2].source, re.M), name
        prose = text_of(book, "markdown")
        assert re.search(r"^#+ Try this|\*\*Try this", prose, re.M), name
        assert "MY_GUESS" in text_of(book, "code") or "MY_ANSWER" in text_of(book, "code"), name


SECTIONS = ["Summary", "Check yourself", "Try this", "Further reading"]
FORBIDDEN_NAMES = {
    "answering", "asked", "asking", "caught", "contest", "is_smoke", "told", "torchreid_says", "we_say",
}  # fmt: skip
FIRST_EDITION = {"domains", "export", "store", "synthetic"}  # not yet rewritten in this form


def test_lessons_have_the_sections_that_readers_expect() -> None:
    for name in sorted(set(LESSONS) - FIRST_EDITION):
        prose = text_of(read_built(name), "markdown")
        assert re.findall(r"^## (.+)$", prose, re.M)[-4:] == SECTIONS, name
        summary, questions, exercises, reading = re.split(r"^## ", prose, flags=re.M)[-4:]
        assert summary.count("\n> - ") >= 3, name
        assert 3 <= questions.count("<details>") == questions.count("</details>") <= 5, name
        assert "](../docs/teaching-answers.md#" in exercises, name
        assert reading.count("](https://") >= 2, name
        assert len(set(re.findall(r"glossary\.md#([\w-]+)", prose))) >= 3, f"{name}: terms link to the glossary"
        assert re.search(r"show_(diagram|crops)\(", text_of(read_built(name), "code")), f"{name}: an image motivates"


def test_cells_that_teach_are_readable() -> None:
    for name in sorted(set(LESSONS) - FIRST_EDITION):
        for cell in read_built(name).cells:
            if cell.cell_type != "code" or "hidden" in builder.tags(cell):
                continue
            tree = ast.parse(cell.source)
            used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert not used & FORBIDDEN_NAMES, cell.id
            assert not any(nested_comprehensions(node) for node in ast.walk(tree)), f"{cell.id}: nested comprehension"


def nested_comprehensions(node: ast.AST) -> bool:
    """Return whether a comprehension contains another or has two loops."""
    kinds = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    inside = [child for child in ast.walk(node) if isinstance(child, kinds)]
    return isinstance(node, kinds) and (len(inside) > 1 or len(node.generators) > 1)


def test_figures_have_alternative_texts() -> None:
    for name in LESSONS:
        for cell in read_built(name).cells:
            for output in cell.get("outputs", []):
                for kind in {"image/png", "image/jpeg"} & set(output.get("data", {})):
                    assert len(output.metadata.get(kind, {}).get("alt", "")) > 15, cell.id


def test_link_targets_exist() -> None:
    """Links in a source are relative to the notebook, which is one folder higher."""
    for document in [*sorted((ROOT / "notebooks" / "sources").glob("*.py")), ROOT / "notebooks" / "README.md"]:
        links = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
        assert links, document.name
        for link in links:
            file, _, anchor = link.partition("#")
            target = ROOT / "notebooks" / file
            assert link.startswith("https://") or target.exists(), (document.name, link)
            if anchor and target.suffix == ".md":
                assert anchor in anchors(target), (document.name, link)


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_glossary_names_the_lesson_that_explains_a_term() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^### (.+)\n\n(.+) → \[lesson (\d+)\]\(\.\./notebooks/(\w+)\.ipynb\)$", text, re.M)
    assert len(terms) == text.count("\n### ") >= 60
    assert terms == sorted(terms, key=lambda term: term[0].lower())
    for term, sentence, number, lesson in terms:
        assert builder.LESSONS[int(number) - 1] == lesson and sentence.endswith("."), term


def imported_modules(source: Path) -> set[str]:
    """Return the modules of the project that a lesson or an exercise imports."""
    found = set()
    for cell in jupytext.read(source).cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.ImportFrom):
                found |= {
                    node.module,
                    *(f"{node.module}.{alias.name}" for alias in node.names if is_module(node, alias)),
                }
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    return {module for module in found if module and module.partition(".")[0] in PACKAGES}


def is_module(node: ast.ImportFrom, alias: ast.alias) -> bool:
    path = ROOT.joinpath("src", *(node.module or "").split("."), alias.name)
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_lessons_and_exercises_import_from_few_modules() -> None:
    sources = [*builder.SOURCES.glob("*.py"), *EXERCISES.glob("*.py")]
    modules = set().union(*map(imported_modules, sources))
    assert 10 < len(modules) <= 30, sorted(modules)


def test_tables_agree_with_the_heads() -> None:
    for document, folder in ((ROOT / "README.md", "notebooks/"), (ROOT / "notebooks" / "README.md", "")):
        text = document.read_text(encoding="utf-8")
        assert builder.update_table(text, folder) == text, "make notebooks"


def test_problems_are_found() -> None:
    def book(source: str, *outputs: NotebookNode) -> NotebookNode:
        cell = nbformat.v4.new_code_cell(source, id="x-00")
        cell.outputs = list(outputs)
        return nbformat.v4.new_notebook(cells=[cell])

    assert not builder.find_problems(book("1 + 1"))
    assert builder.find_problems(book("\n".join(["pass"] * 26)))
    assert builder.find_problems(book("import os; os.chdir('/')"))
    assert builder.find_problems(book("1", nbformat.v4.new_output("stream", name="stdout", text=f"{ROOT}/data")))
    assert builder.find_problems(book("1", nbformat.v4.new_output("stream", name="stdout", text="x" * 600_001)))
    assert builder.find_problems(book("1", nbformat.v4.new_output("error", ename="KeyError", evalue="", traceback=[])))


def test_cells_are_folded_kept_for_tests_or_for_the_build(tmp_path: Path) -> None:
    source = tmp_path / "metrics.py"
    cells = [
        "# %% [markdown]\n# # Metrics\n#\n# > Why?",
        *(f'# %% tags=["{tag}"]\n1' for tag in ("smoke", "check", "hidden")),
    ]
    source.write_text("\n\n".join(cells))
    kept = {
        keep: [builder.tags(cell) for cell in builder.assemble(source, "", keep).cells]
        for keep in (None, "smoke", "check")
    }
    assert kept[None] == [set(), {"hidden"}, {"hidden"}, set()]
    assert {"smoke"} in kept["smoke"] and {"check"} not in kept["smoke"]
    assert {"check"} in kept["check"] and {"smoke"} not in kept["check"]
    book = builder.assemble(source, "")
    assert book.cells[0].source.startswith("# 3. Metrics\n") and book.cells[2].metadata.jupyter.source_hidden
    assert book.cells[-1].source.startswith("← [2. ") and "(losses.ipynb) →" in book.cells[-1].source
    assert any("@title" in problem for problem in builder.find_problems(book))


def test_an_executed_notebook_is_published_without_its_checks(tmp_path: Path) -> None:
    source = tmp_path / "metrics.py"
    source.write_text('# %% [markdown]\n# # M\n\n# %%\n1\n\n# %% tags=["check"]\n2\n\n# %%\n3\n')
    book = builder.assemble(source, "", keep="check")
    for count, cell in enumerate((cell for cell in book.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("execute_result", execution_count=count)]
    published = builder.publish(book, "metrics")
    code = [cell for cell in published.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [cell.outputs[0].execution_count for cell in code] == [1, 2, 3]
    assert [cell.id for cell in published.cells] == [cell.id for cell in builder.assemble(source, "").cells]
