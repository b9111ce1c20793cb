import ctypes
import os

native = ctypes.CDLL(os.path.join(os.path.dirname(os.path.abspath(__file__)), "native.so"))


def test_keep_last():
    for number in range(10):
        native.keep_last(b"text %d" % number)
