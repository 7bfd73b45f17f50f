"""Composition of training pictures: glyphs with known centres on imperfect paper."""
