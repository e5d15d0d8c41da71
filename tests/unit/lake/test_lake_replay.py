"""Which notes of insert tokens are kept when their parts are looked for."""

from __future__ import annotations

from triptych.lake.replay import kept


def note(part: str, kind: str = "1") -> str:
    return f"{kind}\t{part}\tblock_of_{part}"


def test_notes_of_parts_that_are_there_or_were_merged_are_kept() -> None:
    notes = [note("all_1_1_0"), note("all_2_2_0"), note("all_3_3_0")]
    assert kept(notes, ["all_1_2_1", "all_3_3_0", "detached", "deduplication_logs"]) == notes
    assert kept(notes, ["all_1_3_1_7"]) == notes


def test_a_note_beyond_the_last_part_of_its_partition_goes() -> None:
    notes = [note("202601_1_1_0"), note("202602_2_2_0"), note("202601_3_3_0")]
    assert kept(notes, ["202601_1_1_0", "202602_2_2_0", "tmp_insert_202601_3_3_0"]) == notes[:2]
    assert kept(notes, []) == []


def test_a_gap_left_by_the_ttl_stays_known() -> None:
    notes = [note("all_1_1_0"), note("all_2_2_0")]
    assert kept(notes, ["all_2_2_0"]) == notes


def test_what_is_not_understood_is_kept() -> None:
    notes = [note("all_9_9_0", "2"), "1\tnot a part\tx", "", "garbage", "1\tall_9_9_0"]
    assert kept(notes, []) == notes
