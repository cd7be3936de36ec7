"""The line of a magic, read: options, values, mistakes and what is said about them."""

from __future__ import annotations

import pytest

from kodisc_jupyter.api.errors import SceneCheckError
from kodisc_jupyter.notebook.line import cell_line, command_line
from kodisc_jupyter.notebook.line.cell_line import from_python, parse
from kodisc_jupyter.notebook.line.options import OPTIONS, Options
from kodisc_jupyter.notebook.line.values import LEFT_OUT, OptionError

KEY = "kdsc_live_" + "ab" * 24


@pytest.mark.parametrize(
    "line, expected",
    {
        "": Options(),
        "A": Options(scenes=("A",)),
        "A B,C A": Options(scenes=("A", "B", "C")),
        "-ql A": Options(scenes=("A",), quality="low"),
        "A -qk": Options(scenes=("A",), quality="fourk"),
        "-q HIGH": Options(quality="high"),
        "--quality=p": Options(quality="twok"),
        "-a 9:16 --fps 24": Options(aspect="9:16", fps=24),
        "--with n --with a,b": Options(names=("n", "a", "b")),
        "--with n, A": Options(scenes=("A",), names=("n",)),
        "--webhook https://x.org/h": Options(webhook="https://x.org/h"),
        "--no-webhook": Options(webhook=None),
        '--metadata \'{"week": 3, "x": [null, 1.5]}\'': Options(metadata={"week": 3, "x": [None, 1.5]}),
        "--metadata null": Options(metadata=None),
        "--wait --timeout 2.5": Options(wait=True, timeout=2.5),
        "--no-wait --force": Options(wait=False, force=True),
        "--max-credits 60 --check": Options(max_credits=60, check=True),
        "--embed --loop --autoplay": Options(embed=True, loop=True, autoplay=True),
        "--link --save out/a.mp4 --width 60%": Options(embed=False, save="out/a.mp4", width="60%"),
        "--alt 'a big circle' --as clip": Options(alt=("a big circle",), bind="clip"),
        "--backend cloud": Options(backend="cloud"),
        "--still --alt 'a circle'": Options(still=True, alt=("a circle",)),
        "--at 0 --at 2.5 --at 1:30": Options(at=(0, 2.5, 90)),
        "--at 1:02:03.5 --storyboard": Options(at=(3723.5,), storyboard=True),
        "-h": Options(help=True),
        "A --help": Options(scenes=("A",), help=True),
    }.items(),
)  # fmt: skip
def test_a_line_is_read(line, expected):
    assert parse(line) == expected


def test_a_line_leaves_nothing_behind_for_the_next_one():
    assert parse("A --alt x --alt y").alt == ("x", "y")
    with pytest.raises(OptionError):
        parse("A B --alt z --fps many")
    assert parse("B --alt z").alt == ("z",)
    assert parse("").scenes == ()


def test_the_three_webhook_states_stay_three():
    assert parse("").webhook is LEFT_OUT
    assert parse("--no-webhook").webhook is None
    assert parse("--webhook https://x.org").webhook == "https://x.org"


@pytest.mark.parametrize(
    "line, said",
    {
        "-qz": "quality must be one of: low, medium, high, twok, fourk; not 'z'",
        "--quality lwo": "did you mean low?",
        "-a 4:3": "aspectRatio must be one of: 16:9, 9:16; not '4:3'",
        "--fps 0": "fps must be a positive integer, not '0'",
        "--fps ²": "fps must be a positive integer",
        "--fps 29.97": "fps must be a positive integer",
        "--timeout -1": "must be a number, 0 or more",
        "--at -1": "must be a time in seconds, such as 2.5 or 1:30, not '-1'",
        "--at 0,3": "--at: must be a time in seconds",
        "--at nan": "must be a time in seconds",
        "--at 1:75": "must be a time in seconds",
        "--timeout nan": "must be a number, 0 or more",
        "--max-credits much": "must be a number, 0 or more, not 'much'",
        "--webhook http://x.org": "webhookUrl must be an https:// URL",
        "--webhook https://x --no-webhook": "not allowed with argument --webhook",
        "--wait --no-wait": "not allowed with",
        "--embed --link": "not allowed with",
        "--metadata {week:3}": "metadata must be JSON",
        "--metadata NaN": "NaN is not JSON",
        "--with 3x": "--with takes names of notebook variables, not '3x'",
        "--as my-clip": "'my-clip' is not a Python name",
        "--qualty low": "Unknown option --qualty.",
        "--alt 'open": "A quotation mark is not closed.",
        "--save": "--save: expected one argument",
        "--backend moon": "backend must be one of: cloud, local",
    }.items(),
)
def test_a_mistake_on_the_line_is_said_in_its_own_words(line, said):
    with pytest.raises(OptionError) as refused:
        parse(line)
    assert said in refused.value.message


@pytest.mark.parametrize(
    "line, hint",
    {
        "--qualty low": "Did you mean --quality?",
        "-v WARNING": "Leave it out. -v: errors are shown at the cell.",
        "-p": "the video appears under the cell",
        "-s": "--still shows the last frame as a picture",
        "-r 1,2": "the size follows from -q and -a",
        "--zzz": "%%kodisc --help lists the options.",
    }.items(),
)
def test_an_unknown_option_comes_with_a_way_out(line, hint):
    with pytest.raises(OptionError) as refused:
        parse(line)
    assert hint in refused.value.hint


@pytest.mark.parametrize("read", [parse, command_line.parse])
@pytest.mark.parametrize("line", [KEY, f"--alt {KEY}", f"login --key={KEY}"])
def test_a_key_on_a_line_is_refused_and_not_repeated(read, line):
    with pytest.raises(OptionError) as refused:
        read(line)
    assert refused.value.secret
    assert KEY not in f"{refused.value.message}{refused.value.hint}{refused.value.words}"


def test_python_takes_the_same_options_under_the_same_rules():
    made = cell_line.from_python(
        "A",
        ("n",),
        {"quality": "l", "fps": 30, "timeout": 5, "webhook": None, "save": "a.mp4", "wait": None},
    )
    assert made == Options(
        scenes=("A",),
        names=("n",),
        quality="low",
        fps=30,
        timeout=5,
        webhook=None,
        save="a.mp4",
    )


@pytest.mark.parametrize(
    "given, said",
    [
        ({"quality": "lo"}, "quality: quality must be one of"),
        ({"fps": -1}, "fps: fps must be a positive integer, not '-1'"),
        ({"timeout": "soon"}, "timeout: must be a number"),
        ({"metadata": object()}, "metadata: metadata must be JSON data"),
        ({"webhook": "http://x"}, "webhook: webhookUrl must be an https:// URL"),
    ],
)
def test_a_wrong_value_in_python_is_an_error_before_anything_is_sent(given, said):
    from kodisc_jupyter import render

    with pytest.raises(SceneCheckError, match=said):
        render("code", "A", **given)


def test_an_option_that_render_does_not_have_is_a_type_error_with_a_suggestion():
    from kodisc_jupyter import render

    with pytest.raises(TypeError, match=r"no option 'qualty'. Did you mean quality\?"):
        render("code", qualty="low")


@pytest.mark.parametrize(
    "line, hint",
    {
        "jbos": "Did you mean %kodisc jobs?",
        "HelloKodisc": "To render, write two percent signs",
        "-qm": "To render, write two percent signs",
        "--quality low": "To render, write two percent signs",
        "hello": "%kodisc --help lists the commands.",
        "--hep": "%kodisc --help lists the commands.",
    }.items(),
)
def test_an_unknown_command_comes_with_a_way_out(line, hint):
    with pytest.raises(OptionError) as refused:
        command_line.parse(line)
    assert hint in refused.value.hint


def test_every_command_has_help_and_a_line_of_its_own_in_the_overview():
    overview = command_line.overview().splitlines()
    for name in command_line.COMMANDS:
        assert any(line.startswith(f"  {name} ") for line in overview), name
        assert f"usage: %kodisc {name}" in command_line.help_of(name)
        assert command_line.parse(f"{name} --help").help
        assert command_line.parse(f"{name} -h").command == name
    assert "%%%%" not in "\n".join(overview)


def test_every_option_of_the_table_has_a_field_with_the_same_default():
    defaults = Options()
    assert {option.dest for option in OPTIONS} | {"scenes"} == set(Options._fields)
    for option in OPTIONS:
        assert getattr(defaults, option.dest) == option.default, option.words


def test_rehearse_and_no_rehearsal_exclude_each_other():
    assert parse("A --rehearse").rehearse is True
    assert parse("A --no-rehearsal").rehearse is False
    assert parse("A").rehearse is None
    with pytest.raises(OptionError):
        parse("A --rehearse --no-rehearsal")
    assert from_python("A", (), {"rehearse": True}).rehearse is True


# Lines as people write them


@pytest.mark.parametrize(
    ("line", "saved"),
    [
        (r"--save C:\Users\Ann\o1.mp4", r"C:\Users\Ann\o1.mp4"),
        (r"--save \\server\share\o1.mp4", r"\\server\share\o1.mp4"),
        ("--save out\\", "out\\"),
        (r'--save "C:\My videos\o1.mp4"', r"C:\My videos\o1.mp4"),
        (r"--save 'C:\My videos\new.mp4'", r"C:\My videos\new.mp4"),
        (r"--save my\ video.mp4", "my video.mp4"),
        (r"--save Ann\'s.mp4", "Ann's.mp4"),
    ],
)
def test_backslashes_of_a_path_stay(line, saved):
    assert parse(f"A {line}").save == saved


def test_backslashes_in_json_are_jsons():
    line = r"""--metadata '{"path": "C:\\x", "line": "a\nb"}'"""
    assert parse(line).metadata == {"path": "C:\\x", "line": "a\nb"}
    assert parse(r'--metadata "{\"a\": 1}"').metadata == {"a": 1}


@pytest.mark.parametrize(
    ("line", "word"),
    [("O1 -ql --embed # note", "#"), ("O1 #note", "#note"), ("#1 -ql", "#1")],
)
def test_a_comment_on_the_line_is_what_is_marked(line, word):
    with pytest.raises(OptionError, match="comment cannot stand") as refused:
        parse(line)
    assert refused.value.words == (word,)


def test_a_number_sign_in_text_is_text():
    assert parse("A --alt '# 1' --as n --width 60%").alt == ("# 1",)
    assert parse("A --alt #1").alt == ("#1",)


@pytest.mark.parametrize(
    ("line", "word", "config"),
    [
        ("-$quality X", "-$quality", "%config KodiscMagics.quality = quality"),
        ("$opts X", "$opts", "%config KodiscMagics."),
        ("-q $q X", "$q", "%config KodiscMagics."),
        ("--fps={rate} X", "--fps={rate}", "%config KodiscMagics.fps = rate"),
        ("-q {q}", "{q}", "%config KodiscMagics."),
    ],
)
def test_a_variable_on_the_line_gets_a_word_about_config(line, word, config):
    with pytest.raises(OptionError, match="Variables are not put in") as refused:
        parse(line)
    assert refused.value.words == (word,)
    assert config in refused.value.hint
    assert "--force" not in refused.value.hint


def test_a_dollar_sign_in_text_is_text():
    assert parse("A --alt $x").alt == ("$x",)
    assert parse("A --alt='{x}'").alt == ("{x}",)
    assert parse("A --metadata '{}'").metadata == {}


@pytest.mark.parametrize(
    ("line", "flags", "said"),
    [
        ("--format=gif X", ["--format"], ["the output is an MP4"]),
        ("--save_sections X", ["--save_sections"], ["the output is an MP4"]),
        ("-pqh X", ["-p"], ["appears under the cell", "Write -qh alone."]),
        ("-sql X", ["-s"], ["--still shows the last frame", "Write -ql alone."]),
        ("-qlp X", ["-p"], ["Write -ql alone."]),
        ("-t X", ["-t"], ["no transparency"]),
        ("X --renderer opengl", ["--renderer"], ["there is one renderer"]),
        ("-c BLACK X", ["-c"], ["set config in it"]),
        ("X -n 2,4", ["-n"], ["the whole scene is rendered"]),
        ("X --frame_rate 60", ["--frame_rate"], ["write --fps N"]),
        (
            "-pqh -t --renderer=opengl --save_sections X --disable_caching",
            ["-p", "-t", "--renderer", "--save_sections", "--disable_caching"],
            ["under the cell", "no transparency", "one renderer", "in one piece", "Write -qh"],
        ),
    ],
)
def test_all_of_manims_flags_on_a_line_get_one_answer(line, flags, said):
    with pytest.raises(OptionError) as refused:
        parse(line)
    assert f"Manim's {', '.join(flags)} " in refused.value.message
    assert all(text in refused.value.hint for text in said)
    assert "force" not in refused.value.hint


@pytest.mark.parametrize("line", ["-qh X", "X -ql -a 9:16", "-qp X --fps 60"])
def test_what_is_ours_is_no_flag_of_manims(line):
    assert parse(line).scenes == ("X",)


@pytest.mark.parametrize("line", ["X --alt -p", "--save -s X"])
def test_a_missing_value_is_said_as_that(line):
    with pytest.raises(OptionError, match="expected one argument"):
        parse(line)


@pytest.mark.parametrize("line", ["--forc", "--forced", "--format", "--for", "--froce"])
def test_no_slip_of_the_pen_leads_to_what_costs(line):
    with pytest.raises(OptionError) as refused:
        parse(f"X {line}")
    assert "--force" not in refused.value.hint
    with pytest.raises(TypeError) as called:
        from_python("X", (), {line.strip("-"): True})
    assert "force?" not in str(called.value)


@pytest.mark.parametrize("word", ["--transparency", "--video", "--as-gif", "--colour"])
def test_no_far_likeness_is_suggested(word):
    with pytest.raises(OptionError) as refused:
        parse(f"X {word}")
    assert refused.value.hint == "%%kodisc --help lists the options."
