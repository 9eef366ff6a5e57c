"""The command line: ``cnnlib`` with fetch, run, results, bench, models, export, grade or assignment."""

from __future__ import annotations

import argparse
import json
import os
import sys

from cnnlib.errors import BadInput


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 2 after one plain line on what to mend.

    Parameters
    ----------
    arguments : list of str, optional
        The command line without the program's name.

    Examples
    --------
    >>> main(["run", "0500"])
    2
    """
    options = _parser().parse_args(arguments)
    number = os.environ.get("RANK", "0")  # of this process, where torchrun started several
    who = "cnnlib" if number == "0" else f"cnnlib, process {number}"
    try:
        options.command(options)
    except BadInput as problem:
        print(f"{who}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        if number == "0":
            print(f"cnnlib: {str(stopped) or 'stopped; nothing half-written was left behind.'}", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cnnlib", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    fetch = commands.add_parser("fetch", help="download data sets into the data root")
    fetch.add_argument("names", nargs="+", metavar="NAME", help="mnist, fashion_mnist or cifar10")
    fetch.add_argument("--root", help="the data root; CNNLIB_DATA or the user's cache folder if left out")
    fetch.set_defaults(command=_fetch)

    run = commands.add_parser("run", help="train an experiment over several seeds and record it")
    run.add_argument("experiment", help="for example 0501")
    run.add_argument("--seeds", type=int, default=5, help="how many runs, with seeds 0, 1, … (5)")
    run.add_argument("--data", metavar="NAME", help="another data set than the experiment's own, such as digits")
    run.add_argument("--variants", nargs="+", metavar="NAME", help="only these cells of the experiment")
    run.add_argument("--epochs", type=int, help="another number of epochs; the record's name says so")
    run.add_argument("--device", help="cuda, mps or cpu; the fastest present if left out")
    run.add_argument("--results", metavar="DIR", help="the ledger's folder; results/ if left out")
    run.add_argument("--keep", metavar="DIR", help="keep the trained network of each seed in this folder")
    run.add_argument("--jobs", type=int, metavar="N", help="seeds trained side by side; 1 to time a run; a processor's "
                     "cores, or 1 on a GPU, if left out")  # fmt: skip
    run.add_argument("--restart", action="store_true", help="throw away what an interrupted run has left unfinished")
    run.set_defaults(command=_run)

    results = commands.add_parser("results", help="show what is recorded")
    results.add_argument("experiment", nargs="?", help="only this one")
    results.add_argument("--format", choices=["table", "csv", "json"], default="table", help="how to print it (table)")
    results.add_argument("--plot", metavar="FILE", help="draw the experiment into this .svg, .png or .pdf, too")
    results.add_argument("--results", metavar="DIR", help="the ledger's folder; results/ if left out")
    results.set_defaults(command=_results)

    bench = commands.add_parser("bench", help="time the notes' loop and ours on this machine")
    bench.add_argument("rows", nargs="*", metavar="ROW", help="only these, for example lenet or 0503")
    bench.add_argument("--full", action="store_true", help="measure the times to accuracy, too (two hours)")
    bench.add_argument("--seeds", type=int, default=5, help="runs of each recipe (5)")
    bench.add_argument("--device", default="cpu", help="cpu, cuda or mps; the processor if left out")
    bench.add_argument("--out", metavar="FILE", help="write the tables, as .md, or what they rest on, as .json")
    bench.add_argument("--results", metavar="DIR", help="the ledger's folder; results/ if left out")
    bench.set_defaults(command=_bench)

    models = commands.add_parser("models", help="list the networks, or show one layer by layer")
    models.add_argument("name", nargs="?", help="for example lenet5")
    models.set_defaults(command=_models)

    export = commands.add_parser("export", help="write what the widgets read")
    export.add_argument(
        "kept", metavar="DIR", nargs="?",
        help="the folder given to run --keep, to write its networks; if left out, the plans of all networks and the "
        "recorded runs are written",
    )  # fmt: skip
    export.add_argument("--nets", nargs="+", metavar="NAME", help="only these, for example lenet_mnist_max")
    export.add_argument("--results", metavar="DIR", help="the ledger's folder; results/ if left out")
    export.add_argument("--assets", metavar="DIR", help="where to write; the widgets' own folder if left out")
    export.set_defaults(command=_export)

    grade = commands.add_parser("grade", help="run students' notebooks and write a table of points")
    grade.add_argument("folder", metavar="DIR", help="one folder a student in it, or one notebook a student")
    grade.add_argument("--out", metavar="FILE", default="grades.csv", help="the table (grades.csv)")
    grade.add_argument("--seconds", type=float, default=300, help="the longest one notebook may take (300)")
    grade.add_argument("--jobs", type=int, help="how many run at once; one for each processor if left out")
    grade.add_argument("--chapter", action="append", metavar="NAME", help="count these exercises, for example pooling")
    grade.set_defaults(command=_grade)

    assignment = commands.add_parser("assignment", help="write copies of chapters for nbgrader or Otter")
    assignment.add_argument("tool", choices=["nbgrader", "otter"])
    assignment.add_argument("chapters", nargs="+", metavar="NOTEBOOK", help="for example chapters/04_pooling.ipynb")
    assignment.add_argument("--out", metavar="DIR", required=True, help="where the copies go")
    assignment.add_argument("--points", type=float, default=1, help="what one exercise is worth (1)")
    assignment.set_defaults(command=_assignment)
    return parser


# Each command imports what it needs: `cnnlib --help` should not wait for torch.


def _fetch(options) -> None:
    from cnnlib import data

    for name in options.names:
        data.fetch(name, root=options.root)
        print(data.load(name, root=options.root, fallback=False, quiet=True).describe())


def _run(options) -> None:
    from cnnlib import experiments, results
    from cnnlib.train import distributed

    with distributed.joined(options.device) as place, distributed.own_folder(options.results) as root:
        leads, together = distributed.rank() == 0, distributed.size() > 1
        written = experiments.run(
            options.experiment,
            seeds=options.seeds,
            dataset=options.data,
            variants=options.variants,
            device=place,
            root=root,
            epochs=options.epochs,
            progress=leads,
            keep=options.keep if leads else None,
            jobs=1 if together else options.jobs,
            restart=options.restart,
        )
    for path in written if leads else ():
        print(f"{path}: {results.load(options.experiment, path.stem, options.results).sentence()}")


def _results(options) -> None:
    from cnnlib import experiments, plot, results, results_table

    if options.plot and not options.experiment:
        raise BadInput("--plot draws one experiment. Name it: cnnlib results 0501 --plot 0501.svg")
    found = {}
    for experiment in [options.experiment] if options.experiment else results.experiments(options.results):
        known = experiments.EXPERIMENTS.get(experiment)
        records = results.load_all(experiment, options.results, list(known.variants) if known else ())
        found |= {(experiment, name): record for name, record in records.items()}
        if options.format == "table":
            print(f"{experiment}{f': {known.title}' if known else ''}\n{results_table.text(records)}\n")
        if options.plot:
            print(f"{plot.save(plot.recorded(records, known.title if known else experiment), options.plot)}")
    if options.format != "table":
        print(results_table.export(found, options.format))


def _bench(options) -> None:
    from cnnlib.bench import bench, check_name, export

    if options.out:
        check_name(options.out)
    kept = bench(options.rows, options.full, options.seeds, options.results, options.device)
    if options.out:
        export(options.out, options.results, kept["device"])


def _models(options) -> None:
    from cnnlib import inspect, models

    if options.name:
        card = models.card(options.name)
        print(f"{card.title}. Source: {card.source}.")
        for departure in card.departures:
            print(f"  departs from it: {departure}")
        print(inspect.layer_table(models.build(card.name), card.input_shape))
        return
    for name in models.names():
        card = models.card(name)
        print(f"{name:20} {card.parameters:>12,}  {card.title}")


def _export(options) -> None:
    from cnnlib.inspect.graph import export_graphs
    from cnnlib.widgets import bundle, training_runs
    from cnnlib.widgets.export import export

    folder = options.assets or bundle.HERE / "assets"
    if options.nets and not options.kept:
        raise BadInput("--nets names networks, but no folder they were kept in. Name it: cnnlib export DIR --nets …")
    if not options.kept:
        print(export_graphs(folder))
        print(training_runs.write(folder, options.results))
        return
    for path in export(options.kept, names=options.nets, root=options.results, folder=folder):
        source = json.loads(path.read_text(encoding="utf-8"))["source"]
        before, after = source["test_accuracy"], source["exported_accuracy"]
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {before:.2%} recorded, {after:.2%} as exported")


def _grade(options) -> None:
    from cnnlib import classroom

    grades = []
    for row in classroom.grade(options.folder, options.seconds, options.jobs, options.chapter):
        print(f"{row.file}: {row.points} of {len(row.states)}" + (f". {row.remark}" if row.remark else ""), flush=True)
        grades.append(row)
        classroom.write_table(grades, options.out)  # after each, so that an interruption costs one notebook
    print(f"{len(grades)} notebooks, table in {options.out}")


def _assignment(options) -> None:
    from cnnlib import classroom

    convert = {"nbgrader": classroom.for_nbgrader, "otter": classroom.for_otter}[options.tool]
    for chapter in options.chapters:
        print(convert(chapter, options.out, options.points))
