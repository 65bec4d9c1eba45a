"""Engines that reduce a log of any size to the lines that decide."""
