"""Tiles: their paths, their widths, and an edge that grows the same however it is fed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm.journal import merkle
from hsm.journal.tiles import Edge, TileId, node_from_tile, parse_tile_path, tile_width


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileId(0, 1234067), "tile/0/x001/x234/067"),
        (TileId(0, 67), "tile/0/067"),
        (TileId(0, 1067), "tile/0/x001/067"),
        (TileId(3, 0, 12), "tile/3/000.p/12"),
        (TileId(63, 1000), "tile/63/x001/000"),
    ],
)
def test_a_tile_path_is_spelled_as_in_c2sp_tlog_tiles(tile: TileId, path: str) -> None:
    assert tile.path() == path
    assert parse_tile_path(path) == tile


@given(st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_tile_path_reads_back(level: int, index: int, width: int) -> None:
    assert parse_tile_path(TileId(level, index, width).path()) == TileId(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/067",
        "tile/0/67",
        "tile/0/x000/067",
        "tile/0/001/067",
        "tile/64/000",
        "tile/0/067.p/256",
        "tile/0/067.p/0",
        "tile/0/067.p/01",
        "tile/0/x001/067/",
        "tile/0/067\n",
        "tile/0/٠٦٧",
        "/tile/0/067",
        "tile/0/../067",
    ],
)
def test_a_tile_has_one_path_only(path: str) -> None:
    with pytest.raises(ValueError, match="not a tile path"):
        parse_tile_path(path)


def test_the_tiles_of_seventy_thousand_leaves_are_those_of_the_specification() -> None:
    size = 70_000
    assert [tile_width(0, index, size) for index in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tile_width(1, index, size) for index in (0, 1, 2)] == [256, 17, 0]
    assert [tile_width(2, index, size) for index in (0, 1)] == [1, 0]


@given(st.lists(st.integers(0, 300), max_size=6))
def test_any_batching_gives_the_same_tree(batches: list[int]) -> None:
    entries = [number.to_bytes(4) for number in range(sum(batches))]
    edge, tiles, at = Edge(), [], 0
    for count in batches:
        grown = edge.append(entries[at : at + count])
        edge, at = grown.edge, at + count
        tiles += grown.tiles
    assert edge.root() == merkle.root_from_entries(entries)
    assert Edge.of_partial_tiles(edge.size, edge.partial) == edge
    for tile in tiles:
        assert node_from_tile(tile.hashes, 0, 256) == tile.root
        if tile.level == 0:
            start = tile.index * 256
            assert tile.root == merkle.root_from_entries(entries[start : start + 256])


def test_a_completed_tile_of_tiles_moves_up() -> None:
    entries = [number.to_bytes(4) for number in range(65_536 + 257)]
    grown = Edge().append(entries)
    assert sum(tile.level == 0 for tile in grown.tiles) == 257
    assert sum(tile.level == 1 for tile in grown.tiles) == 1
    assert [len(row) for row in grown.edge.partial] == [1, 1, 1]
    assert grown.edge.root() == merkle.root_from_entries(entries)
    assert Edge.of_partial_tiles(grown.edge.size, grown.edge.partial) == grown.edge


def test_partial_tiles_of_another_size_are_refused() -> None:
    edge = Edge().append([b"a", b"b", b"c"]).edge
    for size in (2, 4, 3 + 256):
        with pytest.raises(ValueError, match="not those of a tree of this size"):
            Edge.of_partial_tiles(size, edge.partial)


def test_an_append_leaves_the_old_edge_as_it_was() -> None:
    edge = Edge().append([b"a", b"b", b"c"]).edge
    root = edge.root()
    edge.append([b"d"] * 600)
    assert (edge.size, edge.root()) == (3, root)
