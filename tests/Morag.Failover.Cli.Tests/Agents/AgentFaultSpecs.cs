using System.Globalization;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>
/// Faults at every step of the agent's state machine: disk, pipes, fork, signals, and the node's answers. After each fault, every task has
/// an outcome, the only slot is free, and the log names the problem.
/// </summary>
public sealed class AgentFaultSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new();
    private readonly AgentFaults faults = new();

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Theory]
    [InlineData("launch", "worker_overloaded", "the command could not be started: no more processes")]
    [InlineData("launch-too-large", "processing_error", "the task cannot be passed to a command: argument list too long")]
    [InlineData("launch-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    [InlineData("output", "worker_overloaded", "cannot read the command's output: the pipe broke")]
    [InlineData("status", "worker_overloaded", "exit status lost")]
    [InlineData("reap-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    [InlineData("remaining-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    [InlineData("dispose-defect", "worker_overloaded", "the agent could not run the task: a defect")]
    public async Task Should_report_a_failure_and_continue_when_a_step_fails(string step, string type, string message)
    {
        FailOnce(step);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "first");
        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the first outcome");
        node.Offer("t-2", "second");

        await Wait.UntilAsync(() => node.Outcomes.Count == 2, "the second outcome");
        Assert.Equal(type, (string?)node.Outcomes.First()["failure_type"]);
        Assert.Contains(message, (string)node.Outcomes.First()["error_message"]!, StringComparison.Ordinal);
        Assert.Equal("second", (string)node.Outcomes.Last()["result"]!);
    }

    [Theory]
    [InlineData("input")]
    [InlineData("errors")]
    public async Task Should_succeed_when_a_stream_fails_that_the_result_does_not_depend_on(string step)
    {
        FailOnce(step);
        await using var agent = new RunningAgent(node, "printf done", slots: 1, faults: faults);
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("done", (string)node.Outcomes.Single()["result"]!);
    }

    [Fact]
    public async Task Should_log_the_process_and_keep_its_slot_occupied_when_it_cannot_be_killed()
    {
        var stuck = new TaskCompletionSource();
        var first = true;
        faults.OnStarted = process => first && !(first = false) ? new ImmortalProcess(process, stuck.Task) : process;
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "x", remainingSeconds: 0.2);
        node.Offer("t-2", "second");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome of what cannot be ended");
        Assert.Equal("task_timeout", (string)node.Outcomes.Single()["failure_type"]!);
        Assert.EndsWith("it is still running", (string)node.Outcomes.Single()["error_message"]!, StringComparison.Ordinal);
        await Wait.UntilAsync(
            () => agent.Log.Contains(
                "t-1 (epoch 1): cannot kill 4711 (stuck) (SIGKILL failed: not permitted); "
                + "the slot stays occupied until the process is gone",
                StringComparison.Ordinal),
            "the log line");
        var beats = node.CallsTo("POST", "/heartbeat").Count();
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Count() > beats + 3, "more heartbeats");
        Assert.Equal("busy", (string)node.CallsTo("POST", "/heartbeat").Last().Body!["status"]!);
        Assert.Single(node.Outcomes);

        stuck.SetResult();

        await Wait.UntilAsync(() => node.Outcomes.Count == 2, "the outcome of the next task");
        Assert.Contains("t-1 (epoch 1): the process is gone, and its slot is free", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_keep_the_slot_of_a_revoked_task_occupied_when_its_process_cannot_be_killed()
    {
        var stuck = new TaskCompletionSource();
        var first = true;
        faults.OnStarted = process => first && !(first = false) ? new ImmortalProcess(process, stuck.Task) : process;
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => agent.Log.Contains("leased", StringComparison.Ordinal) && node.SessionOpen, "the lease");
        node.Offer("t-2", "second");
        node.Send("lease_revoked", new { task_id = "t-1", epoch = 1, reason = "the test says so" });

        await Wait.UntilAsync(() => agent.Log.Contains("cannot kill", StringComparison.Ordinal), "the log line");
        Assert.Contains("lease revoked (the test says so); ending the command", agent.Log, StringComparison.Ordinal);
        Assert.Empty(node.Outcomes);
        stuck.SetResult();

        await Wait.UntilAsync(() => node.Outcomes.Count == 1, "the outcome of the next task");
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
        faults.OnSpool = () =>
            Interlocked.Increment(ref writes) == write || write == int.MaxValue ? new IOException("no space left") : null;
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        for (var number = 1; number <= 4; number++)
        {
            node.Offer($"t-{number}", $"{number}");
        }

        await Wait.UntilAsync(() => node.Outcomes.Count == 4, "all outcomes");
        Assert.Equal(["1", "2", "3", "4"], node.Outcomes.Select(outcome => (string)outcome["result"]!));
        Assert.Contains("outcomes are kept in memory only and are lost if this agent is killed", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_save_outcomes_again_when_the_disk_has_room_again()
    {
        faults.OnSpool = () => new IOException("no space left");
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the registration");
        node.StatusOf = _ => 503;
        node.Offer("t-1", "kept");
        await Wait.UntilAsync(() => agent.Log.Contains("no space left", StringComparison.Ordinal), "the log line");

        faults.OnSpool = () => null;

        await Wait.UntilAsync(
            () => File.ReadAllText(Path.Combine(agent.Folder, "outcomes.jsonl")).Contains("kept", StringComparison.Ordinal),
            "the spooled outcome");
        await Wait.UntilAsync(
            () => agent.Log.Contains("outcomes are saved in the work folder again", StringComparison.Ordinal), "the log line");
    }

    [Fact]
    public async Task Should_continue_and_count_lost_lines_when_the_log_cannot_be_written()
    {
        faults.OnLog = () => new IOException("no space left");
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "1");
        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the first outcome");
        faults.OnLog = () => null;
        node.Offer("t-2", "2");

        await Wait.UntilAsync(() => agent.Log.Contains("log lines could not be written", StringComparison.Ordinal), "the log line");
        await Wait.UntilAsync(() => node.Outcomes.Count == 2, "the second outcome");
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
    public async Task Should_continue_when_an_answer_of_the_node_cannot_be_read(string step, string text)
    {
        var spoilt = 0;
        Spoil(step, text, () => Interlocked.Increment(ref spoilt) <= 2);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "1");
        node.Offer("t-2", "2");

        await Wait.UntilAsync(() => node.Outcomes.Any(outcome => (string)outcome["task_id"]! == "t-2"), "the second outcome");
        await Wait.UntilAsync(() => !Stays(agent), "an empty spool");
        await Wait.UntilAsync(() => spoilt > 0, "a spoilt answer");
        Assert.InRange(Lines(agent.Log, "cannot be read"), 0, 1);
    }

    [Theory]
    [InlineData("/lease")]
    [InlineData("/results")]
    [InlineData("/heartbeat")]
    public async Task Should_log_it_once_and_back_off_when_no_answer_can_be_read(string step)
    {
        Spoil(step, "<html>", () => true);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "1");
        await Wait.UntilAsync(() => agent.Log.Contains($"{step} cannot be read", StringComparison.Ordinal), "the log line");
        var beats = node.CallsTo("POST", "/heartbeat").Count();
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Count() > beats + 20, "two seconds of heartbeats");

        Assert.Equal(1, Lines(agent.Log, $"{step} cannot be read"));
        if (step != "/heartbeat")
        {
            // The backoff starts at 0.1 s and doubles.
            Assert.InRange(node.CallsTo("POST", step).Count(), 1, 12);
        }

        if (step == "/lease")
        {
            var requests = node.CallsTo("POST", step).Select(call => (string)call.Body!["request_id"]!).ToArray();
            Assert.Equal(requests.Length, requests.Distinct().Count());
        }
    }

    [Theory]
    [InlineData(302)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(421)]
    [InlineData(400)]
    [InlineData(409)]
    [InlineData(413)]
    public async Task Should_keep_outcomes_and_not_register_again_when_a_proxy_answers_instead_of_the_node(int status)
    {
        var answer = node.Answer;
        var spoilt = 0;
        node.Answer = async (call, context) => call.PathAndQuery.EndsWith("/results", StringComparison.Ordinal)
            && Interlocked.Increment(ref spoilt) <= 2
                ? Results.Text("<html>not here</html>", "text/html", statusCode: status)
                : await answer(call, context);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.Offer("t-1", "kept");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");

        Assert.Equal("kept", (string?)node.Outcomes.Single()["result"]);
        Assert.Single(node.CallsTo("POST", "/register"));
        Assert.Equal(1, Lines(agent.Log, "cannot deliver outcomes, keeping them: <html>not here</html>"));
    }

    [Fact]
    public async Task Should_give_the_command_the_trace_of_its_task_and_no_other()
    {
        const string Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        await using var agent = new RunningAgent(node, "printf %s \"$TRACEPARENT\"", slots: 1, faults: faults);
        node.OfferRaw("t-1", $"\"x\",\"traceparent\":\"{Trace}\"");
        node.OfferRaw("t-2", "\"x\",\"traceparent\":null");

        await Wait.UntilAsync(() => node.Outcomes.Count == 2, "both outcomes");

        Assert.Equal([Trace, ""], node.Outcomes.Select(outcome => (string?)outcome["result"]));
    }

    [Fact]
    public async Task Should_run_a_task_when_its_payload_is_deeply_nested()
    {
        var deep = new string('[', 500) + new string(']', 500);
        await using var agent = new RunningAgent(node, "cat", slots: 1, faults: faults);
        node.OfferRaw("t-1", deep);

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal(deep, (string?)node.Outcomes.Single()["result"]);
    }

    [Fact]
    public async Task Should_fail_only_one_task_when_its_lease_cannot_be_read()
    {
        await using var agent = new RunningAgent(node, "cat", slots: 2, faults: faults);
        node.OfferRaw("t-1", "\"x\",\"attempt\":\"many\"");
        node.Offer("t-2", "second");

        await Wait.UntilAsync(() => node.Outcomes.Count == 2, "both outcomes");
        var failed = node.Outcomes.Single(outcome => (string)outcome["task_id"]! == "t-1");
        Assert.Equal("processing_error", (string)failed["failure_type"]!);
        Assert.StartsWith("the agent cannot read the task's lease", (string)failed["error_message"]!, StringComparison.Ordinal);
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
            ? Results.Text(
                step == "/session" ? $"event: lease_revoked\ndata: {text}\n\n" : text,
                step == "/session" ? "text/event-stream" : "application/json")
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

    /// <summary>A process that seems to run until the test ends it.</summary>
    private sealed class ImmortalProcess(ICommandProcess process, Task dies) : FaultyProcess(process)
    {
        public override Stream Input => Stream.Null;

        public override Task Ended => dies;

        public override string? Signal(int signal) => dies.IsCompleted ? base.Signal(signal) : "not permitted";

        public override IReadOnlyList<string> Remaining() =>
            dies.IsCompleted ? [] : [string.Create(CultureInfo.InvariantCulture, $"{4711} (stuck)")];
    }
}
