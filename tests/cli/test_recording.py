"""A crash that is recorded: where it may go, and what is said where it may not."""


def test_commands_can_be_typed_whatever_the_name_is(good, bad, stopped, small):
    stopped(2, "-w")
    told = bad("simulate", "small.toml", "--out", "-w")
    assert "adlcore resume ./-w goes on with it" in told
    assert "3 made now" in good("resume", "./-w")
    assert good("scenario", "init", "--", "-x.toml") == "-x.toml written: adlcore simulate ./-x.toml\n"
    assert good("scenario", "init", "./-x y.toml").endswith("adlcore simulate './-x y.toml'\n")


def test_a_damaged_manifest_leads_in_no_circle(bad, stopped, small):
    folder = stopped(1)
    for data in (b"", (folder / "manifest.json").read_bytes()[:200]):
        (folder / "manifest.json").write_bytes(data)
        told = bad("simulate", "small.toml", "--out", folder)
        assert "its manifest.json is damaged" in told
        assert "nothing in it can be gone on with: must be moved elsewhere" in told
        assert "resume" not in told
        assert "cannot be read as JSON" in bad("resume", "--repair", folder)
