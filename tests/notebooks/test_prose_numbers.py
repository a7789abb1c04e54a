"""A number in prose passes when evidence, service or run has it, and is caught when none has."""

import types
from pathlib import Path

import pytest
from prose_numbers import in_files, in_modules, in_prose, in_run, numbers, unsupported
from synthetic import code, html, markdown, notebook, stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("216 on the gauge, 22 in the kernel.", {"216", "22"}),
        ("1,234,567 frames, 960\u202f000 bytes, 2_000", {"1234567", "960000", "2000"}),
        ("2.80 GB, 300.0 s, .5, 1e-05", {"2.8", "300", "0.5", "0.00001"}),
        ("89.8 %, 89.9%, \u221257.0 MiB, -64", {"89.8", "89.9", "57", "64"}),
        ("14\u201316 MiB, 14-17, 22/216, \u00d718, 3x", {"14", "16", "17", "22", "216", "18", "3"}),
        ("15s, 8kHz, 16-bit, 700m of 4608Mi", {"15", "8", "16", "700", "4608"}),
        ("pull request #7283", {"#7283"}),
    ],
)
def test_numbers_are_read_in_one_spelling(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1. first\n2) second\n  10. tenth\n## 3. Third\n> 4. quoted",
        "2026-05-13, 13 May 2026, May 13, May 13, 2026, 12 to 13 May, in 2026",
        "Python 3.11, 3.12 and 3.13; Python 3.11 to 3.13",
        "see 02_the_ghosts, 03_the_fix.ipynb, notebook 04, notebooks 02 and 03",
        "p99, utf8, pod 7k2lk, x^2, version 1.2.3",
    ],
)
def test_structure_is_no_number(text: str) -> None:
    assert numbers(text) == set()


def test_prose_is_what_a_reader_reads_of_markdown() -> None:
    page = notebook(
        markdown(
            "`194` ghosts, **16**, _17_, __18__, `sleep(999)`, [a record](https://example.org/77)"
        ),
        markdown("```\n555\n```\n<span style='width: 66px'>22</span>\n<!-- 44 -->"),
        code("# 888 in a comment is not prose"),
    )
    assert in_prose(page) == {"194", "16", "17", "18", "22"}


def test_the_run_is_what_the_outputs_show_and_the_code_says() -> None:
    page = notebook(
        code(
            "lab.connect(50)  # 777\nname = 'h264 99'",
            1,
            stdout("gauge 216\n"),
            html("<style>td {width: 66px}</style><td width='67'>194</td>"),
        ),
        code("%time 31"),
    )
    assert {"50", "216", "194"} <= in_run(page)
    assert in_run(page).isdisjoint({"777", "99", "66", "67", "264"})


def test_constants_are_those_of_the_module() -> None:
    settings = types.ModuleType("settings")
    vars(settings).update(DRAIN=30.0, WORKERS=16, ON=True, NAME="5", lower=4)
    assert in_modules(settings) == {"30", "16"}


def test_a_number_without_a_source_is_caught(tmp_path: Path) -> None:
    evidence = tmp_path / "pods.csv"
    evidence.write_text("pod,gauge,date,source\nmhjxw,216,2026-05-13,omi#7283\n")
    known = in_files([evidence]) | {"30"}
    page = notebook(
        markdown("The gauge said 216 (#7283); 194 were ghosts, 30 s, 15 MiB, #999, 7283, 13."),
        code("ghosts", 1, stdout("194 ghosts, 14.9 MiB")),
    )
    assert unsupported(page, known) == ["#999", "13", "15", "7283"]
