"""The fast way to read a do-not-call list with one number per line agrees with the way for all other lists."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xuna_cli.commands.calling.suppression_list import _list_of, _of_rows, read_numbers
from xuna_cli.contacts.number_lists import NotPlainError, only_cell, plain_lines
from xuna_cli.contacts.options import ListOptions
from xuna_cli.errors import InputError
from xuna_cli.phone.suppression import SuppressionReader

OPTIONS = ListOptions(first_phone_column=True)

NUMBERS = [
    *("+19072000001", "+14152000002", "+442079460003", "+493012345674", "+33123456785", "+5511987654326", "+5491123456787"),
    *("9072000008", "19072000009", "(907) 200-0010", "907.200.0011", "1-907-200-0012", "907-200 0013", "02079460014"),
    *("020 7946 0015", "+44 (0)20 7946 0016", "0044 20 7946 0017", "011 44 20 7946 0018", "447946000019", "905321234567"),
    *("tel:+19072000020", "'+19072000021", "+1 907 200 0022 x12", "9072000023 ext. 4", "home: 9072000024", "9072000025 (work)"),
    *("+19072000026 / +19072000027", "+19072000028 or +19072000029", "+1907\u00a0200\u00a00030", "\u200e+19072000031\u200b"),
    *("\uff0b\uff11\uff19\uff10\uff17\uff12\uff10\uff10\uff10\uff10\uff13\uff12", "+1907200\u0660\u0660\u0663\u0663", '="+19072000034"'),
    # possible, but in no range that is in use
    *("+15559876543", "+15559876544", "+44209460000", "+61445327255", "+447700900123"),
]  # fmt: skip
REGISTRY = ["907,2000041", "907,200-0042", "415,2000043 ", "907, 2000044", " 907,2000045"]
COMMENTS = [
    "# numbers",
    "// numbers",
    "  # a;b",
    "#+19072000051",
    "// 907 200 0052",
    "#907,2000053",
    "#",
    "//",
    '# "',
    "#\t",
    "# \0",
]
BEHIND = [" # Ann", "  // Ann, Bob", " #", "# Ann", "\t# Ann", " // +19072000061", " # Ann +19072000062"]
HOSTILE = [
    *("+19072000071,+19072000072", "+19072000073;+19072000074", "+19072000075|Ann", "+19072000076\t", "\t+19072000077"),
    *("907;2000078", "907\t2000079", "907|2000080", "907,2000081,A", "+907,2000082", "907,20000835", "1907,2000084", "907,2000085 x12", "tel:907,2000085", "٩٠٧,2000085"),
    *('"+19072000086"', '"+19072000087', '+19072000088"', '"907","2000089"', '"907,2000090"', "'907,2000091'", '"'),
    *("+19072000092\r+19072000093", "+19072000094\r", "\r+19072000095", "\r", "+1907200\r0096", "+19072000097\0", "# \0", "\ufeff+19072000098"),
    *("+19072000099\u2028+19072000100", "+19072000101\x0b+19072000102", "+19072000103\x1c", "+19072000104\x85", "\x0c+19072000105"),
    *("sep=;", "sep=9", "phone", "n/a", "911", "12", "+", "0000000000", "+19072000106+19072000107", "5.55E+09", "15559876543.0"),
    *("9" * 101, " " * 200 + "+19072000108", "+1907200010\u00b2", "0 907 200 0110", "(907)", "+1 (907", "1-800-FLOWERS"),
]  # fmt: skip
BLANK = ["", " ", "\u00a0", "\u3000"]

regions = st.sampled_from([None, "US", "GB", "DE", "BR", "CA"])
plain = st.sampled_from(NUMBERS + REGISTRY + BLANK + COMMENTS)
padded = st.builds(
    "{}{}{}".format, st.sampled_from(BLANK), st.sampled_from(NUMBERS + REGISTRY), st.sampled_from(BLANK)
)
commented = st.builds("{}{}".format, st.sampled_from(NUMBERS + REGISTRY), st.sampled_from(BEHIND))
lines = st.lists(st.one_of(plain, padded, commented, st.sampled_from(HOSTILE)), max_size=8)


def summary(read):
    """Return all that is known of a list, or its error."""
    try:
        found = read()
    except InputError as error:
        return error.code, error.message, error.hint
    return sorted(found.numbers), found.unassigned, found.example


def assert_same_by_row(path, region, options=OPTIONS):
    by_row = summary(lambda: _list_of(path, _of_rows(path, options, SuppressionReader(region), {})))
    assert summary(lambda: read_numbers(path, region=region, options=options)) == by_row
    return by_row


def plain_cells(path, options=OPTIONS):
    """Return the cells of the lines; None if the text is not plain."""
    try:
        return [only_cell(line) for block in plain_lines(path, options, name="list") for line in block]
    except NotPlainError:
        return None


@given(
    lines=lines,
    end=st.sampled_from(["\n", "\n", "\r\n", "\r"]),
    last=st.booleans(),
    name=st.sampled_from(["list.txt", "list.csv", "list"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    region=regions,
)
@example(["0201234567\t", "907,2000041"], "\n", True, "list.txt", "utf-8", "GB")
def test_the_numbers_of_any_text_are_those_of_its_rows(
    tmp_path_factory, lines, end, last, name, encoding, region
):
    path = tmp_path_factory.mktemp("lists") / name
    path.write_bytes((end.join(lines) + end * last).encode(encoding))
    assert_same_by_row(path, region)


@pytest.mark.parametrize("line", HOSTILE)
def test_one_odd_line_among_plain_ones_changes_nothing(tmp_path, line):
    path = tmp_path / "list.txt"
    for before in ("+19072000201", "0201234567\t", "907,2000202", "+19072000203;+19072000206", "# a;b", ""):
        text = f"{before}\n+19072000204\n{line}\n+15559876543\n907,2000205\n"
        path.write_text(text, encoding="utf-8", newline="")
        for region in (None, "US", "GB"):
            assert_same_by_row(path, region)


@pytest.mark.parametrize(
    "odd", ["# a comment", "+15559876543", "+19072000301,Ann", '"+19072000302"', "n/a", "\xff"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_odd_line_in_a_later_block_is_found_in_its_row(tmp_path, odd, end):
    lines = [f"+1907{number}" for number in range(3_000_000, 3_012_000)]
    path = tmp_path / "list.txt"
    # The first block ends in line 5,042, or with \r\n in line 4,682.
    for place in (4_681, 4_682, 5_041, 5_042, len(lines)):
        whole = [*lines[:place], odd, *lines[place:], "+15559876544"]
        path.write_bytes(end.join(whole).encode("latin-1"))
        by_row = assert_same_by_row(path, None)
        if odd == "+15559876543":
            assert by_row[1:] == (2, f"{odd} ({path}, row {place + 1})")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_number_per_line_is_plain(tmp_path, end):
    path = tmp_path / "list.txt"
    lines = ["+19072000401", "", "# Ann", "907,2000402", " +15559876543 # Bob", "907-200-0403"]
    path.write_text(end.join(lines), newline="")
    assert plain_cells(path) == ["+19072000401", "", "", "+19072000402", "+15559876543", "907-200-0403"]


@pytest.mark.parametrize("form", ["+4915{}", "+49 15{}", "+49 151 {}"])
def test_no_line_is_lost_between_blocks(tmp_path, form):
    # With 16 characters in a line, the blocks end where a line ends.
    path = tmp_path / "list.txt"
    lines = [form.format(number) for number in range(1_100_000, 1_120_000)]
    path.write_text("\n".join(lines))
    assert plain_cells(path) == lines
    assert len(assert_same_by_row(path, None)[0]) == len(lines)


def test_a_given_delimiter_counts(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("+44 2079460003\n")
    options = ListOptions(first_phone_column=True, delimiter=" ")
    assert plain_cells(path, options) is None
    assert assert_same_by_row(path, None, options)[0] == "do-not-call-row"


@pytest.mark.parametrize(
    "text",
    [
        "+19072000001\n+19072000002,Ann\n",
        '+19072000001\n"+19072000002\n+19072000003"\n',
        "+19072000001\t\n907,2000002\n",
        "+19072000001\r+19072000002\n",
        "+19072000001\n" + "#" * 140_000,
        "phone\n+19072000001\n",
        '[{"phone": "+19072000001"}]',
        "",
    ],
    ids=["cells", "quotes", "tab", "carriage return", "long line", "header", "JSON", "empty"],
)
def test_other_texts_are_not_plain(tmp_path, text):
    path = tmp_path / "list.txt"
    path.write_text(text, newline="")
    assert plain_cells(path) is None
