import subprocess
import sys

from benchmarks.tables import Measure, print_table, seconds


def test_a_measure_is_held_to_its_bar():
    assert Measure("time", 0.4, "s", 0.5).passed
    assert not Measure("time", 0.6, "s", 0.5).passed
    assert Measure("found", 0.98, "", 0.97, at_least=True).passed
    assert not Measure("found", 0.9, "", 0.97, at_least=True).passed
    assert Measure("for information", 5).passed


def test_tables_are_markdown(capsys):
    print_table("Times", [Measure("help", 0.1234, "s", 0.5), Measure("photo", 3451.7, "ms")])
    lines = capsys.readouterr().out.split("\n")
    assert lines[1] == "### Times"
    assert lines[5].split("|")[1:5] == [" help  ", " 0.123 s  ", " ≤ 0.5 s ", " pass "]
    assert " 3452 ms " in lines[6]


def test_seconds_is_a_time():
    assert 0 <= seconds(lambda: None, 3) < 0.1


def test_an_unknown_section_lists_the_known():
    result = subprocess.run([sys.executable, "-m", "benchmarks", "moon"], capture_output=True, text=True)
    assert result.returncode == 2
    assert "app, painter, faces, bodies, media" in result.stderr
