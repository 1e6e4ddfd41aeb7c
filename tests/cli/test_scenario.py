"""``adlcore scenario init``: a scenario with every key, that loads and overwrites nothing."""

from adlcore.lab import scenarios


def test_scenario_init_writes_a_template_that_loads_and_overwrites_nothing(good, bad, at):
    assert good("scenario", "init") == "scenario.toml written: adlcore simulate scenario.toml\n"
    assert scenarios.load("scenario.toml") == scenarios.Scenario()
    assert bad("scenario", "init") == "File exists: scenario.toml"
    assert "unit" in bad("scenario", "unit")


def test_scenario_init_takes_the_path(good, bad, at):
    assert good("scenario", "init", "my.toml") == "my.toml written: adlcore simulate my.toml\n"
    assert scenarios.load("my.toml") == scenarios.Scenario()
    assert not (at / "scenario.toml").exists()
    (at / "my.toml").write_text("seed = 1\n")
    assert bad("scenario", "init", "my.toml") == "File exists: my.toml"
    assert (at / "my.toml").read_text() == "seed = 1\n"
    assert good("scenario", "init", "a crash.toml").endswith("adlcore simulate 'a crash.toml'\n")
    assert bad("scenario", "init", "none/my.toml") == "No such file or directory: none/my.toml"
    assert bad("scenario", "init", at).startswith("Is a directory: ")
    assert "--out" in bad("scenario", "init", "--out", "other.toml")


def test_scenario_init_prints_to_standard_output(good, at):
    assert good("scenario", "init", "-") == scenarios.template()
    assert not list(at.iterdir())
    assert "init" in good("scenario")
    assert "FILE" in good("scenario", "init", "--help")
