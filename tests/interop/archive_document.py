"""The smallest PDF/A-1b: it allows no transparency, so stamps must do without (ISO 19005-1 §6.4)."""

from pathlib import Path

import pikepdf

_A4 = (595, 842)


def make_pdfa_1b(path: Path) -> Path:
    """One empty page, metadata, nothing else."""
    with pikepdf.new() as document:
        document.add_blank_page(page_size=_A4)
        with document.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["pdfaid:part"] = "1"
            metadata["pdfaid:conformance"] = "B"
        document.save(
            path,
            min_version="1.4",
            force_version="1.4",
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return path
