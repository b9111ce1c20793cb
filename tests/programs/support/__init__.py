"""Runs programs that nobody here wrote, plain, recorded and under heaptrack, and compares."""
