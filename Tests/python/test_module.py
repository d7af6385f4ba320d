"""The wheel's Python module, with a shell script in the program's place: python3 -m unittest Tests/python/test_module.py

Standard library only.
"""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "packaging" / "python"))
import prerl  # noqa: E402


class Module(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def with_program(self, script):
        path = self.folder / "program"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        patch = mock.patch.dict(os.environ, {"PRERL": str(path)})
        patch.start()
        self.addCleanup(patch.stop)

    def test_keywords_are_options(self):
        self.with_program('printf "%s\\n" "$@"')
        result = prerl.align(Path("model"), "r.jsonl", ["a", "b"], threads=2, token_products=True, overwrite=False, seed=None)
        self.assertEqual(result.table.split("\n")[:-1], [
            "align", "--model", "model", "--rollouts", "r.jsonl", "--control", "a", "--control", "b", "--output",
            "alignment.h5", "--summary", "alignment.summary.json", "--threads", "2", "--token-products"])
        self.assertEqual(result.output, Path("alignment.h5"))

    def test_errors_have_status_and_message(self):
        self.with_program('echo "prerl: r.jsonl:3: no response" >&2; exit 2')
        shown = io.StringIO()
        with contextlib.redirect_stderr(shown), self.assertRaises(prerl.PrerlError) as raised:
            prerl.run("evaluate", rollouts="r.jsonl")
        self.assertEqual((raised.exception.status, raised.exception.message), (2, "prerl: r.jsonl:3: no response"))
        self.assertIn("no response", shown.getvalue())

    def test_much_output_on_both_streams_does_not_hang(self):
        self.with_program("i=0; while [ $i -lt 3000 ]; do echo 'a line of some length, again and again and again and again'; "
                          "echo 'progress of some length, again and again and again' >&2; i=$((i+1)); done")
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(len(prerl.run("inspect", "a.h5").splitlines()), 3000)

    def test_an_interrupted_program_is_a_keyboard_interrupt(self):
        self.with_program("exit 130")
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(KeyboardInterrupt):
            prerl.run("align")

    def test_the_build_is_the_processors(self):
        with mock.patch.dict(os.environ):
            os.environ.pop("PRERL", None)
            for flags, name in ((prerl._V3 | {"sse4_2"}, "prerl-x86-64-v3"), ({"avx2", "fma"}, "prerl"), (set(), "prerl")):
                with mock.patch.object(prerl, "_flags", return_value=flags):
                    self.assertEqual(prerl.program().name, name)


if __name__ == "__main__":
    unittest.main()
