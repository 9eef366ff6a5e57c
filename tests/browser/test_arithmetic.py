"""The arithmetic in JavaScript equals `cnnlib.arithmetic`, refusals included, in a real browser."""

import random

import pytest

from cnnlib import arithmetic
from cnnlib.errors import BadInput
from cnnlib.widgets import bundle

CASES = 500  # of each function
ANSWERS = """async ([source, name, cases]) => {
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  return cases.map((one) => module[name](one));
}"""


@pytest.fixture(scope="module")
def answers(browser):
    """Return a function that computes a list of cases in JavaScript."""
    page = browser.new_page()
    yield lambda name, cases: page.evaluate(ANSWERS, [bundle.source("arithmetic"), name, cases])
    page.close()


def ours(function, *arguments, **settings):
    """Return what Python says: a number, or None where it refuses."""
    try:
        return function(*arguments, **settings)
    except BadInput:
        return None


def window(rng):
    return {"n": rng.randint(1, 40), "kernel": rng.randint(1, 11), "stride": rng.randint(1, 6),
            "padding": rng.randint(0, 6), "dilation": rng.randint(1, 4)}  # fmt: skip


def compare(answers, name, cases, expected):
    got = answers(name, cases)
    assert got == expected, next((c, g, e) for c, g, e in zip(cases, got, expected, strict=True) if g != e)
    return [e for e in expected if e is None]


def test_convolution_sizes(answers):
    rng = random.Random(1)
    cases = [window(rng) | {"before": rng.randint(0, 5), "after": rng.randint(0, 5)} for _ in range(CASES)]
    sizes = [
        ours(arithmetic.conv_output_size, (c["n"],), c["kernel"], c["stride"], ((c["before"], c["after"]),),
             c["dilation"])
        for c in cases
    ]  # fmt: skip
    refused = compare(answers, "convSize", cases, [size and size[0] for size in sizes])
    assert 20 < len(refused) < CASES - 100


def test_pooling_sizes(answers):
    rng = random.Random(2)
    cases = [window(rng) | {"ceil": rng.random() < 0.5} for _ in range(CASES)]
    sizes = [
        ours(arithmetic.pool_output_size, c["n"], c["kernel"], c["stride"], c["padding"], c["dilation"], c["ceil"])
        for c in cases
    ]
    refused = compare(answers, "poolSize", cases, sizes)
    assert 20 < len(refused) < CASES - 100


def test_transposed_sizes(answers):
    rng = random.Random(3)
    cases = [window(rng) | {"outputPadding": rng.randint(0, 3)} for _ in range(CASES)]
    sizes = [
        ours(arithmetic.conv_transpose_output_size, c["n"], c["kernel"], c["stride"], c["padding"], c["outputPadding"],
             c["dilation"])
        for c in cases
    ]  # fmt: skip
    refused = compare(answers, "transposeSize", cases, sizes)
    assert 20 < len(refused) < CASES - 100


@pytest.mark.parametrize("name", ["convParameters", "convMacs"])
def test_costs_of_convolutions(answers, name):
    rng = random.Random(4)
    cases = [
        {"inChannels": rng.choice((1, 3, 4, 6, 12, 64)), "outChannels": rng.choice((1, 4, 6, 10, 12, 128)),
         "height": rng.randint(1, 7), "width": rng.randint(1, 7), "groups": rng.choice((1, 1, 2, 3, 4)),
         "bias": rng.random() < 0.5, "cells": rng.randint(1, 5000)}
        for _ in range(CASES)
    ]  # fmt: skip
    expected = [
        ours(arithmetic.conv_parameters, c["inChannels"], c["outChannels"], (c["height"], c["width"]), c["groups"],
             c["bias"])
        if name == "convParameters"
        else ours(arithmetic.conv_macs, c["inChannels"], c["outChannels"], (c["height"], c["width"]), (c["cells"], 1),
                  c["groups"])
        for c in cases
    ]  # fmt: skip
    refused = compare(answers, name, cases, expected)
    assert 20 < len(refused) < CASES - 100


def test_costs_of_fully_connected_layers(answers):
    rng = random.Random(5)
    cases = [
        {"inFeatures": rng.randint(1, 10**7), "outFeatures": rng.randint(1, 5000), "bias": rng.random() < 0.5}
        for _ in range(CASES)
    ]
    compare(answers, "linearParameters", cases, [
        arithmetic.linear_parameters(c["inFeatures"], c["outFeatures"], c["bias"]) for c in cases
    ])  # fmt: skip
    compare(answers, "linearMacs", cases, [arithmetic.linear_macs(c["inFeatures"], c["outFeatures"]) for c in cases])


def test_receptive_fields(answers):
    rng = random.Random(6)
    stacks = [[window(rng) for _ in range(rng.randint(1, 8))] for _ in range(200)]
    expected = [
        [
            {"size": field.size, "jump": field.jump, "start": field.start}
            for field in arithmetic.receptive_field(
                arithmetic.Window(w["kernel"], w["stride"], w["padding"], w["dilation"]) for w in stack
            )
        ]
        for stack in stacks
    ]
    compare(answers, "receptiveField", stacks, expected)


def test_padding_that_keeps_the_size(browser):
    page = browser.new_page()
    source = """async (source) => {
      const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const all = [];
      for (let k = 1; k < 12; k++) for (let d = 1; d < 5; d++) all.push(module.samePadding(k, d));
      return all;
    }"""
    expected = [list(arithmetic.same_padding(k, d)) for k in range(1, 12) for d in range(1, 5)]
    assert page.evaluate(source, bundle.source("arithmetic")) == expected
    page.close()
