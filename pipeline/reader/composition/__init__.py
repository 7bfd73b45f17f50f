"""Composition of training strips: lines of writing on imperfect paper, with what they say."""
