"""The machine with the object store: moto's S3 server on its own address."""

import sys
import threading

from moto.server import ThreadedMotoServer

if __name__ == "__main__":
    server = ThreadedMotoServer(ip_address=sys.argv[1], port=int(sys.argv[2]), verbose=False)
    server.start()
    server.get_host_and_port()
    print("ready", flush=True)
    threading.Event().wait()
