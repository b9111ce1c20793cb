"""Runs victims under the recorder, and compares what the analyzer says with what they know."""
