"""Second processes: each has a session of its own, and none disturbs another's."""

import os

from harness import process, session, truth
from harness.case import EndToEndTest


class Processes(EndToEndTest):
    def run_with_child_truth(self, command, options="keep_all=1"):
        """Runs the victim with a pipe as descriptor 3, to which its child writes its truth."""
        plain = self.plain(self.victim(command))
        reader, writer = os.pipe()
        try:
            os.set_inheritable(writer, True)
            arguments = ["/bin/sh", "-c", f'exec 3>&{writer} {writer}>&- "$@"', "sh"]
            result = self.recorded_behind(arguments, command, options, writer)
        finally:
            os.close(writer)
        with os.fdopen(reader) as pipe:
            child_truth = truth.read_truth(pipe.read())
        self.assert_ran_alike(plain, result)
        return result, child_truth

    def recorded_behind(self, shell, command, options, writer):
        inner = self.launch_arguments(self.victim(command), options)
        return process.run(
            [*shell, *inner], self.folder, self.environment(), pass_fds=(writer,)
        )

    def check_parent_and_child(self, command, options="keep_all=1"):
        result, child_truth = self.run_with_child_truth(command, options)
        reports = self.reports_of_all()
        self.assertEqual(len(reports), 2, session.sessions_in(self.folder))
        parent = self.session_of(reports, result.pid)
        child = next(report for report in reports if report is not parent)
        self.assert_truth(parent, truth.read_truth(result.out)[0], result)
        self.assertEqual(len(child_truth), 1, "the child did not say its truth")
        self.assert_truth(child, child_truth[0], result)
        for document in reports:
            self.assert_nothing_lost(document)
        return parent, child

    def test_fork_child_starts_empty_and_its_inherited_frees_are_unknown(self):
        parent, child = self.check_parent_and_child("processes fork")
        self.assertTrue(child["files"][0]["forked"])
        self.assertFalse(parent["files"][0]["forked"])
        self.assertEqual(child["files"][0]["parent_pid"], parent["files"][0]["pid"])
        self.assertGreaterEqual(child["losses"]["unknown_deallocations"], 10)
        self.assertEqual(parent["losses"]["unknown_deallocations"], 0)
        self.assertEqual(child["files"][0]["exit_status"], 5)

    def check_fork_of_pairs(self, options):
        _, child = self.check_parent_and_child("processes fork_of_pairs", options)
        self.assertTrue(child["files"][0]["forked"])
        self.assertEqual(child["losses"]["unknown_deallocations"], 2)
        self.assertEqual(child["files"][0]["exit_status"], 4)

    def test_what_a_fork_child_did_before_its_file_was_worth_keeping_is_recorded(self):
        self.check_fork_of_pairs("min_descendant=2500")

    def test_what_a_fork_child_did_before_it_did_more_than_is_kept_aside_is_recorded(self):
        self.check_fork_of_pairs("min_descendant=5000")

    def test_sampled_fork_child_keeps_nothing_aside(self):
        result, _ = self.run_with_child_truth(
            "processes fork_of_pairs", "sample=1:min_descendant=5000"
        )
        self.assertEqual(len(self.reports_of_all()), 2)
        self.assertEqual(result.status, 2)

    def test_raw_clone_child_whose_first_operations_were_kept_aside(self):
        _, child = self.check_parent_and_child("processes raw_clone", "min_descendant=2500")
        self.assertEqual(child["files"][0]["exit_status"], 7)

    def test_image_that_does_no_more_than_is_kept_aside_leaves_no_file(self):
        files = self.files_of("/bin/expr 1 + 1; :", "")
        self.assertNotIn("expr", [os.path.basename(file["program"]) for file in files])

    def test_image_has_all_that_it_did_before_it_had_a_file(self):
        command = "processes fork_of_pairs"
        plain = self.plain(self.victim(command))
        result = self.recorded(
            ["/bin/sh", "-c", '"$@"; :', "sh", *self.victim(command)], "min_descendant=300"
        )
        expected = truth.read_truth(plain.out)[0]
        found = [
            report
            for report in self.reports_of_all()
            if not truth.differences(report, expected)
        ]
        self.assertEqual(len(found), 1, result.describe())

    def test_fork_child_that_allocates_little_before_exec_leaves_no_file(self):
        files = self.files_of("echo a | /bin/sed s/a/b/ | /bin/cat", "")
        self.assertEqual([file for file in files if file["ended_by"] == "exec"], [])

    def test_raw_clone_child_is_told_from_its_parent(self):
        _, child = self.check_parent_and_child("processes raw_clone")
        self.assertEqual(child["files"][0]["exit_status"], 7)

    def test_fork_of_fork(self):
        result, child_truth = self.run_with_child_truth("processes fork_of_fork")
        # The process between the two does nothing but fork, and has no session.
        others = [
            report for report in self.reports_of_all() if report["files"][0]["pid"] != result.pid
        ]
        self.assertEqual(len(others), 1)
        self.assertNotEqual(others[0]["files"][0]["parent_pid"], result.pid)
        self.assert_truth(others[0], child_truth[0], result)

    def test_daemon(self):
        result, child_truth = self.run_with_child_truth("processes daemon")
        self.assertEqual(len(child_truth), 1, "the daemon did not say its truth")
        found = [
            report
            for report in self.reports_of_all()
            if not truth.differences(report, child_truth[0])
        ]
        self.assertEqual(len(found), 1, "one session must hold the daemon's truth")

    def check_alone(self, command, options="keep_all=1", **limits):
        """What the child does leaves no trace in the parent's session."""
        plain = self.plain(self.victim(command), **limits)
        result = self.recorded(self.victim(command), options, **limits)
        self.assert_ran_alike(plain, result)
        reports = self.reports_of_all()
        parent = self.session_of(reports, result.pid)
        self.assert_truth(parent, truth.read_truth(result.out)[0], result)
        self.assert_nothing_lost(parent)
        self.assertEqual(
            (parent["files"][0]["ended_by"], parent["files"][0]["exit_status"]), ("exit", 2)
        )
        return parent, [report for report in reports if report is not parent]

    def test_fork_child_that_only_ends_leaves_no_file(self):
        _, others = self.check_alone("processes idle_fork")
        self.assertEqual(others, [])

    def test_vfork_exec(self):
        _, others = self.check_alone("processes vfork_exec")
        self.assertEqual(len(others), 20)
        for document in others:
            self.assertTrue(document["files"][0]["program"].endswith("true"), document["files"])

    def test_vfork_exit(self):
        _, others = self.check_alone("processes vfork_exit")
        self.assertEqual(others, [])

    def test_vfork_child_that_allocates_before_its_parent(self):
        """The parent, which waits for its first allocation, is recorded, and the child is not."""
        command = [*self.victim("processes"), "vfork_that_allocates"]
        shell = ["/bin/sh", "-c", '"$@"; exit $?', "sh"]
        plain = self.plain(command)
        result = self.recorded([*shell, *command], "min_descendant=1")
        self.assert_ran_alike(plain, result)
        parents = [
            report
            for report in self.reports_of_all()
            if report["files"][0]["program"].endswith("processes")
        ]
        self.assertEqual(len(parents), 1, session.sessions_in(self.folder))
        self.assert_truth(parents[0], truth.read_truth(result.out)[0], result)
        self.assert_nothing_lost(parents[0])
        self.assertEqual(
            (parents[0]["files"][0]["ended_by"], parents[0]["files"][0]["exit_status"]), ("exit", 2)
        )

    def test_failing_exec_leaves_the_session_open(self):
        _, others = self.check_alone("processes failing_exec")
        self.assertEqual(others, [])

    def test_posix_spawn(self):
        _, others = self.check_alone("processes posix_spawn")
        self.assertEqual(len(others), 1)

    def test_system(self):
        _, others = self.check_alone("processes system")
        self.assertEqual(others[0]["files"][0]["exit_status"], 4)

    def test_popen(self):
        self.check_alone("processes popen")

    def test_1000_forks_among_allocating_threads(self):
        self.check_alone("processes fork_among_threads", options="", timeout=45)

    def test_small_descendants_leave_no_file(self):
        result = self.recorded(self.victim("processes fork"))
        self.assertEqual(result.status, 2, result.describe())
        document = self.report(self.only_session())
        self.assertEqual(document["files"][0]["pid"], result.pid)

    def test_exec_chain_has_a_file_for_each_image(self):
        plain = self.plain(self.victim("exec_chain 3"))
        result = self.recorded(self.victim("exec_chain 3"), "keep_all=1")
        self.assert_ran_alike(plain, result)
        reports = sorted(self.reports_of_all(), key=lambda report: report["files"][0]["image"])
        files = [report["files"][0] for report in reports]
        self.assertEqual([file["image"] for file in files], [0, 1, 2, 3])
        self.assertEqual({file["pid"] for file in files}, {result.pid})
        self.assertEqual(
            [file["ended_by"] for file in files], ["exec", "exec", "exec", "exit"]
        )
        self.assertEqual(files[3]["exit_status"], 17)
        for report, entries in zip(reports, truth.read_truth(result.out), strict=True):
            self.assert_truth(report, entries, result)

    def files_of(self, script, options):
        output = os.path.join(self.folder, "%p.heapdrift")
        self.recorded(["/bin/sh", "-c", script], options, output=output)
        paths = session.sessions_in(self.folder)
        return [session.json_of(["info", path], self.folder)["files"][0] for path in paths]

    def test_descendant_that_allocates_nothing_has_a_file_only_if_all_are_kept(self):
        programs = [file["program"] for file in self.files_of("/bin/true; :", "")]
        self.assertEqual([name for name in programs if name.endswith("true")], [])
        programs = [file["program"] for file in self.files_of("/bin/true; :", "keep_all=1")]
        self.assertEqual(len([name for name in programs if name.endswith("true")]), 1)

    def test_image_that_allocates_nothing_ends_the_one_before(self):
        # More variables than an image may allocate before it has a file.
        script = "i=0; while [ $i -lt 50 ]; do i=$((i+1)); eval v$i=$i; done; exec /bin/true"
        files = self.files_of(f"/bin/sh -c '{script}'; :", "")
        descendants = [file for file in files if file["ended_by"] != "exit"]
        self.assertEqual([file["ended_by"] for file in descendants], ["exec"])

    def test_ld_preload_of_others_reaches_the_child(self):
        other = "/usr/lib/x86_64-linux-gnu/libSegFault.so"
        result = self.recorded(["/usr/bin/env"], preload=other)
        line = next(line for line in result.out.splitlines() if line.startswith("LD_PRELOAD="))
        self.assertIn(other, line)
        self.assertIn("libheapdrift_preload.so", line)


class Endings(EndToEndTest):
    """Every way to end: the figures are the same, and the session says how it was."""

    def check(self, mode, ended_by):
        plain = self.plain(self.victim(f"endings {mode}"))
        result = self.recorded(self.victim(f"endings {mode}"))
        self.assert_ran_alike(plain, result)
        document = self.report(self.only_session())
        self.assert_truth(document, truth.read_truth(result.out)[0], result)
        self.assert_nothing_lost(document)
        file = document["files"][0]
        self.assertIn(file["ended_by"], ended_by)
        if file["ended_by"] == "exit":
            self.assertEqual(file["exit_status"], result.status)

    def check_under_run(self, mode):
        """heapdrift run waits for the process, and so it knows the signal or the status."""
        plain = self.plain(self.victim(f"endings {mode}"))
        result = session.heapdrift(
            ["run", "--no-report", "-o", "F", "--", *self.victim(f"endings {mode}")], self.folder
        )
        self.assertEqual(result.out, plain.out)
        killed = plain.status < 0
        status = 128 - plain.status if killed else plain.status
        self.assertEqual(result.status, status, result.describe())
        document = self.report("F")
        self.assert_truth(document, truth.read_truth(result.out)[0], result)
        file = document["files"][0]
        self.assertEqual(
            (file["ended_by"], file["exit_status"]),
            ("signal" if killed else "exit", abs(plain.status)),
        )


def _ending(mode, ended_by):
    def test(self):
        self.check(mode, ended_by)

    return test


def _ending_under_run(mode):
    def test(self):
        self.check_under_run(mode)

    return test


# exit_group by number: nobody could note it, so it looks like a kill, unless it was seen.
for _mode in (
    "return", "exit", "_exit", "_Exit", "quick_exit", "thread_exit", "beside_the_loader"
):
    setattr(Endings, f"test_{_mode}", _ending(_mode, {"exit"}))
for _mode in ("main_pthread_exit", "main_gone_thread_ends", "exit_group"):
    setattr(Endings, f"test_{_mode}", _ending(_mode, {"exit", "killed"}))
for _mode in ("main_gone_thread_ends", "exit_group"):
    setattr(Endings, f"test_{_mode}_under_run", _ending_under_run(_mode))
for _mode in ("abort", "segv", "sigterm", "sigkill"):
    setattr(Endings, f"test_{_mode}", _ending(_mode, {"killed"}))
    setattr(Endings, f"test_{_mode}_under_run", _ending_under_run(_mode))
