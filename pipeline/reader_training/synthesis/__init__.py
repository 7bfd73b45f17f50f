"""Synthesis of training line images: lines of writing on imperfect paper, with what they say."""
