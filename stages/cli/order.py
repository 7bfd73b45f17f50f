"""The stages in topological order."""

from stages.compose import compose
from stages.download import download
from stages.evaluate import evaluate
from stages.export import export
from stages.normalize import normalize
from stages.parse import parse
from stages.reader import reader
from stages.report import report
from stages.train import train

STAGES = (download, parse, normalize, train, evaluate, export, report)
READER_STAGES = (compose, reader)  # only on request: `make reader`
ALL_STAGES = (*STAGES, *READER_STAGES)
