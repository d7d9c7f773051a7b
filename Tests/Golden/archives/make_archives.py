"""Makes small tar archives as programs in the field write them, with Python's tarfile.

Every archive holds the same files; expected.txt lists name, offset and size as tarfile itself reads them.
"""

import io
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
LONG = "line-3/" + "a-rather-long-folder-name/" * 6 + "part.png"
FILES = {"a.png": b"first", "./folder/b.jpg": b"second" * 100, "folder/empty.png": b"", LONG: b"third" * 7}


def main() -> None:
    lines = []
    for name, form in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
        path = HERE / f"{name}.tar"
        with tarfile.open(path, "w", format=form) as archive:
            folder = tarfile.TarInfo("folder")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for file, content in FILES.items():
                entry = tarfile.TarInfo(file)
                entry.size = len(content)
                if form == tarfile.PAX_FORMAT and file == "a.png":
                    entry.pax_headers = {"comment": "päckchen", "path": "renamed ä.png"}
                archive.addfile(entry, io.BytesIO(content))
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
        with tarfile.open(path) as archive:
            for entry in archive:
                if entry.isreg():
                    lines.append(f"{name}.tar\t{entry.name.removeprefix('./')}\t{entry.offset_data}\t{entry.size}")
    (HERE / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
