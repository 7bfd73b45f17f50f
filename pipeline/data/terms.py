"""Whose a data set is, and what may be done with it; LICENSE says the same to those who copy this project."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """licence: its name. identifier: that of SPDX in lower case, as Hugging Face has it. owner: who is to be named.

    paper: that by which it is cited.
    """

    licence: str
    identifier: str
    owner: str
    paper: str


MNIST_TERMS = Terms(
    licence="Creative Commons Attribution-Share Alike 3.0",
    identifier="cc-by-sa-3.0",
    owner="Yann LeCun and Corinna Cortes hold the copyright of MNIST, a derivative work of NIST's special databases "
    "1 and 3",
    paper="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. "
    "Proceedings of the IEEE 86(11), 1998, 2278-2324",
)

FASHION_MNIST_TERMS = Terms(
    licence="MIT",
    identifier="mit",
    owner="Copyright 2017 Zalando SE",
    paper="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning "
    "algorithms. arXiv:1708.07747, 2017",
)

KMNIST_TERMS = Terms(
    licence="Creative Commons Attribution-Share Alike 4.0",
    identifier="cc-by-sa-4.0",
    owner='"KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by NIJL and others), '
    "doi:10.20676/00000341",
    paper="T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha: Deep learning for classical "
    "Japanese literature. arXiv:1812.01718, 2018",
)
