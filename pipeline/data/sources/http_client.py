"""Write what a web server sends into a file: `python http_client.py ADDRESS FILE MAX_BYTES CONNECT_TIMEOUT`.

It runs as a process of its own, because only a process can be stopped whatever the server sends: a timeout of a socket
begins anew with each byte, and no limit of a library covers all headers.
"""

import sys

import requests

DOWNLOAD_CHUNK = 1 << 16  # bytes between two writes


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirection: requests would first read all of its body, even if that has no end."""


def main(address: str, file: str, max_bytes: int, connect_timeout: float) -> None:
    """Write at most a chunk more than `max_bytes`; exit with a message on failure."""
    try:
        with (
            open(file, "wb", buffering=0) as output,  # first, because it says that the download begins
            _Session() as session,
            session.get(address, stream=True, timeout=(connect_timeout, None)) as answer,
        ):
            if answer.status_code != requests.codes.ok:
                sys.exit(f"is not available (status {answer.status_code})")
            while output.tell() <= max_bytes and (chunk := answer.raw.read1(DOWNLOAD_CHUNK)):
                output.write(chunk)
    except Exception as error:  # of the network, the certificates or the disk
        sys.exit(f"cannot be downloaded ({getattr(error, 'strerror', None) or type(error).__name__})")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
