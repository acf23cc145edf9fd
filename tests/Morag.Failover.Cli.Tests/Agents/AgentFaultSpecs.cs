using System.Globalization;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>
/// A fault at every step of the agent's state machine: of the disk, the pipes, fork, signals, and the node's answers. After each,
/// every task has an outcome, the only slot is free, and the log says what was wrong.
/// </summary>
public sealed class AgentFaultSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new();
    private readonly AgentFaults faults = new();

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Theory]
    [InlineData("launch", "worker_overloaded", "the command could not be started: no more processes")]
    [InlineData("launch-too-large", "processing_error", "the task cannot be given to a command: argument list too long")]
    [InlineData("launch-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    [InlineData("output", "worker_overloaded", "reading the output of the command failed: the pipe broke")]
    [InlineData("status", "worker_overloaded", "its exit status was lost")]
    [InlineData("reap-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    [InlineData("remaining-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    [InlineData("dispose-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    public async Task Should_report_a_failure_and_go_on_when_a_step_of_a_command_fails(string step, string type, string said)
    {
        FailOnce(step);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "first");
        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the first outcome");
        node.Offer("t-2", "second");

        await Eventually.BeTrueAsync(() => node.Outcomes.Count == 2, "the second outcome");
        Assert.Equal(type, (string?)node.Outcomes.First()["failure_type"]);
        Assert.Contains(said, (string)node.Outcomes.First()["error_message"]!, StringComparison.Ordinal);
        Assert.Equal("second", (string)node.Outcomes.Last()["result"]!);
    }

    [Theory]
    [InlineData("input")]
    [InlineData("errors")]
    public async Task Should_succeed_when_a_stream_fails_that_the_result_does_not_need(string step)
    {
        FailOnce(step);
        await using var agent = new RunningAgent(node, "printf done", slots: 1, faults: faults);
        node.Offer("t-1", "x");

        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("done", (string)node.Outcomes.Single()["result"]!);
    }

    [Fact]
    public async Task Should_say_which_process_cannot_be_ended_and_keep_its_slot_until_it_is_gone()
    {
        var stuck = new TaskCompletionSource();
        var first = true;
        faults.OnStarted = process => first && !(first = false) ? new ImmortalProcess(process, stuck.Task) : process;
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "x", remainingSeconds: 0.2);
        node.Offer("t-2", "second");

        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the outcome of what cannot be ended");
        Assert.Equal("task_timeout", (string)node.Outcomes.Single()["failure_type"]!);
        Assert.EndsWith("it still runs", (string)node.Outcomes.Single()["error_message"]!, StringComparison.Ordinal);
        await Eventually.BeTrueAsync(
            () => agent.Log.Contains(
                "t-1 (epoch 1): could not be ended, and its slot stays taken until it is: 4711 (stuck) (SIGKILL was refused: not permitted)",
                StringComparison.Ordinal),
            "the log line");
        var beats = node.CallsTo("POST", "/heartbeat").Count();
        await Eventually.BeTrueAsync(() => node.CallsTo("POST", "/heartbeat").Count() > beats + 3, "more heartbeats");
        Assert.Equal("busy", (string)node.CallsTo("POST", "/heartbeat").Last().Body!["status"]!);
        Assert.Single(node.Outcomes);

        stuck.SetResult();

        await Eventually.BeTrueAsync(() => node.Outcomes.Count == 2, "the outcome of the next task");
        Assert.Contains("t-1 (epoch 1): what could not be ended is gone: its slot is free", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_keep_the_slot_of_a_revoked_task_when_its_process_cannot_be_ended()
    {
        var stuck = new TaskCompletionSource();
        var first = true;
        faults.OnStarted = process => first && !(first = false) ? new ImmortalProcess(process, stuck.Task) : process;
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "x");
        await Eventually.BeTrueAsync(() => agent.Log.Contains("leased", StringComparison.Ordinal) && node.SessionOpen, "the lease");
        node.Offer("t-2", "second");
        node.Say("lease_revoked", new { task_id = "t-1", epoch = 1, reason = "the test says so" });

        await Eventually.BeTrueAsync(() => agent.Log.Contains("could not be ended", StringComparison.Ordinal), "the log line");
        Assert.Contains("its command is being ended", agent.Log, StringComparison.Ordinal);
        Assert.Empty(node.Outcomes);
        stuck.SetResult();

        await Eventually.BeTrueAsync(() => node.Outcomes.Count == 1, "the outcome of the next task");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(int.MaxValue)]
    public async Task Should_deliver_everything_when_a_write_to_the_spool_fails(int write)
    {
        var writes = 0;
        faults.OnSpool = () => Interlocked.Increment(ref writes) == write || write == int.MaxValue ? new IOException("no space left") : null;
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        for (var number = 1; number <= 4; number++)
        {
            node.Offer($"t-{number}", $"{number}");
        }

        await Eventually.BeTrueAsync(() => node.Outcomes.Count == 4, "all outcomes");
        Assert.Equal(["1", "2", "3", "4"], node.Outcomes.Select(outcome => (string)outcome["result"]!));
        Assert.Contains("outcomes are kept in memory only, and are lost if this agent is killed", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_catch_up_on_disk_when_it_has_room_again()
    {
        faults.OnSpool = () => new IOException("no space left");
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        await Eventually.BeTrueAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the registration");
        node.StatusOf = _ => 503;
        node.Offer("t-1", "kept");
        await Eventually.BeTrueAsync(() => agent.Log.Contains("no space left", StringComparison.Ordinal), "the log line");

        faults.OnSpool = () => null;

        await Eventually.BeTrueAsync(
            () => File.ReadAllText(Path.Combine(agent.Folder, "outcomes.jsonl")).Contains("kept", StringComparison.Ordinal), "the spooled outcome");
        await Eventually.BeTrueAsync(() => agent.Log.Contains("outcomes are kept in the work folder again", StringComparison.Ordinal), "the log line");
    }

    [Fact]
    public async Task Should_work_and_say_how_much_was_lost_when_its_log_cannot_be_written()
    {
        faults.OnLog = () => new IOException("no space left");
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "1");
        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the first outcome");
        faults.OnLog = () => null;
        node.Offer("t-2", "2");

        await Eventually.BeTrueAsync(() => agent.Log.Contains("lines of this log could not be written", StringComparison.Ordinal), "the log line");
        await Eventually.BeTrueAsync(() => node.Outcomes.Count == 2, "the second outcome");
    }

    public static TheoryData<string, string> Answers
    {
        get
        {
            var answers = new TheoryData<string, string>();
            foreach (var step in (string[])["/register", "/heartbeat", "/lease", "/results", "/session"])
            {
                foreach (var answer in (string[])["not json", "5", "null", "{}", "[5]", "{\"leases\":5}"])
                {
                    answers.Add(step, answer);
                }
            }

            answers.Add("/lease", "[{}]");
            answers.Add("/results", "[{}]");
            answers.Add("/results", "[]");

            return answers;
        }
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Should_go_on_when_an_answer_of_the_node_cannot_be_read(string step, string text)
    {
        var spoilt = 0;
        Spoil(step, text, () => Interlocked.Increment(ref spoilt) <= 2);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "1");
        node.Offer("t-2", "2");

        await Eventually.BeTrueAsync(() => node.Outcomes.Any(outcome => (string)outcome["task_id"]! == "t-2"), "the second outcome");
        await Eventually.BeTrueAsync(() => !Stays(agent), "an empty spool");
        await Eventually.BeTrueAsync(() => spoilt > 0, "a spoilt answer");
        Assert.InRange(Lines(agent.Log, "cannot be read"), 0, 1);
    }

    [Theory]
    [InlineData("/lease")]
    [InlineData("/results")]
    [InlineData("/heartbeat")]
    public async Task Should_report_it_once_and_not_ask_endlessly_when_the_answers_can_never_be_read(string step)
    {
        Spoil(step, "<html>", () => true);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "1");
        await Eventually.BeTrueAsync(() => agent.Log.Contains($"{step} cannot be read", StringComparison.Ordinal), "the log line");
        var beats = node.CallsTo("POST", "/heartbeat").Count();
        await Eventually.BeTrueAsync(() => node.CallsTo("POST", "/heartbeat").Count() > beats + 20, "two seconds of heartbeats");

        Assert.Equal(1, Lines(agent.Log, $"{step} cannot be read"));
        if (step != "/heartbeat")
        {
            // The waits double from a tenth of a second.
            Assert.InRange(node.CallsTo("POST", step).Count(), 1, 12);
        }

        if (step == "/lease")
        {
            var requests = node.CallsTo("POST", step).Select(call => (string)call.Body!["request_id"]!).ToArray();
            Assert.Equal(requests.Length, requests.Distinct().Count());
        }
    }

    [Fact]
    public async Task Should_run_a_task_however_deep_its_payload_is()
    {
        var deep = new string('[', 500) + new string(']', 500);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.OfferRaw("t-1", deep);

        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal(deep, (string?)node.Outcomes.Single()["result"]);
    }

    [Fact]
    public async Task Should_fail_only_the_task_whose_lease_cannot_be_read()
    {
        await using var agent = new RunningAgent(node, "cat", slots: 2, faults: faults);
        node.OfferRaw("t-1", "\"x\",\"attempt\":\"many\"");
        node.Offer("t-2", "second");

        await Eventually.BeTrueAsync(() => node.Outcomes.Count == 2, "both outcomes");
        var failed = node.Outcomes.Single(outcome => (string)outcome["task_id"]! == "t-1");
        Assert.Equal("processing_error", (string)failed["failure_type"]!);
        Assert.StartsWith("the agent cannot read the lease of the task", (string)failed["error_message"]!, StringComparison.Ordinal);
    }

    private void FailOnce(string step)
    {
        var first = true;
        bool Once() => first && !(first = false);
        if (step.StartsWith("launch", StringComparison.Ordinal))
        {
            faults.OnLaunch = () => !Once() ? null
                : step == "launch" ? new ProcessNotStarted("no more processes")
                : step == "launch-too-large" ? new ProcessNotStarted("argument list too long", tooLarge: true)
                : new NotSupportedException("a defect");
        }
        else
        {
            faults.OnStarted = process => Once() ? new OneFault(process, step) : process;
        }
    }

    private void Spoil(string step, string text, Func<bool> spoils)
    {
        var answer = node.Answer;
        node.Answer = async (call, context) => call.PathAndQuery.Split('?')[0].EndsWith(step, StringComparison.Ordinal) && spoils()
            ? Results.Text(step == "/session" ? $"event: lease_revoked\ndata: {text}\n\n" : text, step == "/session" ? "text/event-stream" : "application/json")
            : await answer(call, context);
    }

    private static bool Stays(RunningAgent agent) => new FileInfo(Path.Combine(agent.Folder, "outcomes.jsonl")).Length > 0;

    private static int Lines(string log, string part) => log.Split('\n').Count(line => line.Contains(part, StringComparison.Ordinal));

    private sealed class OneFault(ICommandProcess process, string step) : FaultyProcess(process)
    {
        public override Stream Input => step == "input" ? new FailingStream(0, base.Input) : base.Input;

        public override Stream Output => step == "output" ? new FailingStream(3) : base.Output;

        public override Stream Errors => step == "errors" ? new FailingStream(3) : base.Errors;

        public override ProcessExit Reap()
        {
            var exit = step == "reap-defect" ? throw new NotSupportedException("a defect") : base.Reap();
            return step == "status" ? ProcessExit.Lost : exit;
        }

        public override IReadOnlyList<string> Remaining() =>
            step == "remaining-defect" ? throw new NotSupportedException("a defect") : base.Remaining();

        public override void Dispose()
        {
            base.Dispose();
            if (step == "dispose-defect")
            {
                throw new NotSupportedException("a defect");
            }
        }
    }

    /// <summary>Ends for the agent only when the test says so.</summary>
    private sealed class ImmortalProcess(ICommandProcess process, Task dies) : FaultyProcess(process)
    {
        public override Stream Input => Stream.Null;

        public override Task Ended => dies;

        public override string? Signal(int signal) => dies.IsCompleted ? base.Signal(signal) : "not permitted";

        public override IReadOnlyList<string> Remaining() =>
            dies.IsCompleted ? [] : [string.Create(CultureInfo.InvariantCulture, $"{4711} (stuck)")];
    }
}
