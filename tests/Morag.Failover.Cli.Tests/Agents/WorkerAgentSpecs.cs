using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class WorkerAgentSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new();
    private readonly string folder = Directory.CreateTempSubdirectory("morag-specs-").FullName;

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Should_deliver_the_output_when_the_command_succeeds()
    {
        await using var agent = new RunningAgent(node, "cat; printf ' of %s' \"$MORAG_TASK_ID\"");
        for (var number = 1; number <= 10; number++)
        {
            node.Offer($"t-{number}", $"payload {number}");
        }

        await Wait.UntilAsync(() => node.Outcomes.Count == 10, "ten outcomes");
        Assert.Equal(
            Enumerable.Range(1, 10).Select(number => $"payload {number} of t-{number}").Order(StringComparer.Ordinal),
            node.Outcomes.Select(outcome => (string)outcome["result"]!).Order(StringComparer.Ordinal));
        var registration = node.CallsTo("POST", "/register").Single().Body!["registration"]!;
        Assert.Equal("w", (string)registration["worker_id"]!);
        Assert.NotNull(registration["instance_id"]);
        Assert.Equal(0.1, (double)registration["heartbeat_interval_seconds"]!);
    }

    [Theory]
    [InlineData(null, 300_000, false)]
    [InlineData(400_000, 300_000, true)]
    [InlineData(1_000, 2_000, false)]
    [InlineData(1_000, 998, true)]
    public async Task Should_deliver_results_up_to_the_limit_when_the_node_declares_one(int? limit, int length, bool succeeds)
    {
        await using var limited = new FakeWorkNode { MaxResultBytes = limit };
        await limited.StartAsync();
        await using var agent = new RunningAgent(limited, $"head -c {length} /dev/zero | tr '\\0' x");
        limited.Offer("t-1", "x");

        await Wait.UntilAsync(() => !limited.Outcomes.IsEmpty, "the outcome");
        var outcome = Assert.Single(limited.Outcomes);
        Assert.Equal(succeeds ? length : null, ((string?)outcome["result"])?.Length);
        Assert.Equal(succeeds ? null : "processing_error", (string?)outcome["failure_type"]);
    }

    [Fact]
    public async Task Should_repeat_the_request_id_when_the_answer_to_a_lease_call_is_lost()
    {
        node.LoseNextLeaseAnswer();
        node.Offer("t-1", "x");
        await using var agent = new RunningAgent(node, "cat");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        var requests = node.CallsTo("POST", "/lease").Select(call => (string)call.Body!["request_id"]!).ToArray();
        Assert.Equal(requests[0], requests[1]);
        Assert.Single(node.Outcomes);
    }

    [Fact]
    public async Task Should_repeat_a_heartbeat_soon_and_not_after_its_interval_when_it_is_not_answered()
    {
        var answer = node.Answer;
        var lost = 0;
        node.Answer = (call, context) =>
        {
            if (call.PathAndQuery.EndsWith("/heartbeat", StringComparison.Ordinal) && Interlocked.Increment(ref lost) <= 3)
            {
                context.Abort();
                return Task.FromResult<IResult?>(null);
            }

            return answer(call, context);
        };

        await using var agent = new RunningAgent(node, "cat", heartbeat: TimeSpan.FromHours(1));

        await Wait.UntilAsync(() => Volatile.Read(ref lost) == 4, "the fourth heartbeat");
    }

    [Fact]
    public async Task Should_end_its_session_and_its_heartbeats_before_it_unregisters()
    {
        var answer = node.Answer;
        node.Answer = async (call, context) =>
        {
            if (call.Method == "DELETE")
            {
                await Wait.UntilAsync(() => !node.SessionOpen, "the end of the session");
            }

            return await answer(call, context);
        };
        await using var agent = new RunningAgent(node, "cat");
        await Wait.UntilAsync(() => node.SessionOpen && node.CallsTo("POST", "/heartbeat").Any(), "a session and a heartbeat");

        Assert.Equal(0, await agent.StopAsync());

        await Wait.UntilAsync(() => agent.Log.Contains(" unregistered", StringComparison.Ordinal), "the log line");
        Assert.Equal("DELETE", node.Calls.Last().Method);
    }

    [Fact]
    public async Task Should_deliver_once_when_the_node_was_down_while_the_command_ended()
    {
        var gate = Path.Combine(folder, "gate");
        await using var agent = new RunningAgent(node, $"while [ ! -e {gate} ]; do sleep 0.05; done; cat");
        node.Offer("t-1", "kept");
        await Wait.UntilAsync(() => agent.Log.Contains("t-1 (epoch 1): leased", StringComparison.Ordinal), "the lease");

        await node.StopAsync();
        await File.WriteAllTextAsync(gate, "");
        await Wait.UntilAsync(() => Spooled(agent.Folder).Contains("kept", StringComparison.Ordinal), "the spooled outcome");
        await node.StartAsync();

        await Wait.UntilAsync(() => Spooled(agent.Folder).Length == 0, "the delivery");
        Assert.Equal("kept", (string)Assert.Single(node.Outcomes)["result"]!);
    }

    [Fact]
    public async Task Should_keep_its_task_when_calls_are_rejected_until_the_token_is_rotated()
    {
        var file = Path.Combine(folder, "token");
        var gate = Path.Combine(folder, "gate");
        await File.WriteAllTextAsync(file, "old\n");
        node.RequiredToken = "old";
        await using var agent = new RunningAgent(
            node, $"while [ ! -e {gate} ]; do sleep 0.05; done; cat", token: BearerToken.FromFile(file));
        node.Offer("t-1", "before");
        await Wait.UntilAsync(() => agent.Log.Contains("t-1 (epoch 1): leased", StringComparison.Ordinal), "the lease");

        node.RequiredToken = "new";
        await Wait.UntilAsync(() => agent.Log.Contains("heartbeat rejected", StringComparison.Ordinal), "a refused heartbeat");
        await File.WriteAllTextAsync(gate, "");
        await Wait.UntilAsync(() => Spooled(agent.Folder).Contains("before", StringComparison.Ordinal), "the spooled outcome");
        await Wait.UntilAsync(() => node.CallsTo("POST", "/results").Any(call => call.Token == "old"), "a refused outcome");
        Assert.Empty(node.Outcomes);
        await File.WriteAllTextAsync(file, "new\n");
        node.Offer("t-2", "after");

        await Wait.UntilAsync(() => node.Outcomes.Count == 2, "both outcomes");
        Assert.Equal(["before", "after"], node.Outcomes.Select(outcome => (string)outcome["result"]!));
    }

    [Fact]
    public async Task Should_log_it_and_continue_when_an_outcome_is_late()
    {
        node.StatusOf = outcome => (string)outcome["task_id"]! == "t-1" ? 409 : 200;
        await using var agent = new RunningAgent(node, "cat", slots: 1);
        node.Offer("t-1", "x");
        node.Offer("t-2", "x");

        await Wait.UntilAsync(() => agent.Log.Contains("t-2 (epoch 2): completed", StringComparison.Ordinal), "the second task");
        Assert.Contains("t-1 (epoch 1): late outcome rejected: as the test says", agent.Log, StringComparison.Ordinal);
        Assert.Equal(2, node.Outcomes.Count);
    }

    [Fact]
    public async Task Should_retry_an_outcome_when_the_node_is_temporarily_unavailable()
    {
        var refusals = 0;
        node.StatusOf = _ => Interlocked.Increment(ref refusals) <= 2 ? 503 : 200;
        await using var agent = new RunningAgent(node, "cat");
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => agent.Log.Contains("completed", StringComparison.Ordinal), "the completion");
        Assert.Equal(3, node.Outcomes.Count);
    }

    [Fact]
    public async Task Should_kill_the_command_with_its_children_when_the_session_reports_a_revoked_lease()
    {
        var child = Path.Combine(folder, "child");
        await using var agent = new RunningAgent(node, $"sleep 1000 & echo $! > {child}.tmp; mv {child}.tmp {child}; wait");
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => File.Exists(child) && node.SessionOpen, "the running command");

        node.Send("lease_revoked", new { task_id = "t-1", epoch = 1, reason = "the test says so" });

        await Wait.UntilAsync(() => CommandProcesses.IsGone(CommandProcesses.Id(child)), "the end of the child");
        await Wait.UntilAsync(() => Freed(1), "a free place");
        Assert.Empty(node.Outcomes);
    }

    [Fact]
    public async Task Should_kill_the_command_when_two_heartbeat_answers_do_not_list_its_lease()
    {
        var child = Path.Combine(folder, "child");
        await using var agent = new RunningAgent(node, $"echo $$ > {child}.tmp; mv {child}.tmp {child}; sleep 1000");
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => File.Exists(child), "the running command");

        node.Believed.Clear();

        await Wait.UntilAsync(() => CommandProcesses.IsGone(CommandProcesses.Id(child)), "the end of the command");
        Assert.Empty(node.Outcomes);
    }

    [Fact]
    public async Task Should_report_a_timeout_and_kill_all_children_when_the_lease_expires()
    {
        var child = Path.Combine(folder, "child");
        await using var agent = new RunningAgent(node, $"sleep 1000 & echo $! > {child}.tmp; mv {child}.tmp {child}; wait");
        node.Offer("t-1", "x", remainingSeconds: 1);

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("task_timeout", (string)node.Outcomes.Single()["failure_type"]!);
        await Wait.UntilAsync(() => CommandProcesses.IsGone(CommandProcesses.Id(child)), "the end of the child");
    }

    [Theory]
    [InlineData("exit 75", "worker_overloaded")]
    [InlineData("kill -9 $$", "resource_exhaustion")]
    [InlineData("echo 'RuntimeError: CUDA out of memory.' >&2; exit 1", "resource_exhaustion")]
    [InlineData("echo broken >&2; exit 3", "processing_error")]
    [InlineData(
        "echo '{\"failure_type\":\"authentication_failure\",\"error_message\":\"bucket\"}' > \"$MORAG_FAILURE_FILE\"; exit 1",
        "authentication_failure")]
    [InlineData("yes", "processing_error")]
    public async Task Should_report_the_right_type_when_the_command_fails(string script, string type)
    {
        await using var agent = new RunningAgent(node, script);
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal(type, (string)node.Outcomes.Single()["failure_type"]!);
    }

    [Fact]
    public async Task Should_finish_deliver_and_unregister_when_it_is_told_to_stop()
    {
        var gate = Path.Combine(folder, "gate");
        await using var agent = new RunningAgent(node, $"while [ ! -e {gate} ]; do sleep 0.05; done; cat");
        node.Offer("t-1", "last");
        await Wait.UntilAsync(() => agent.Log.Contains("leased", StringComparison.Ordinal), "the lease");

        var stopped = agent.StopAsync();
        await Wait.UntilAsync(() => agent.Log.Contains("for 1 running task", StringComparison.Ordinal), "the drain");
        await File.WriteAllTextAsync(gate, "");

        Assert.Equal(0, await stopped);
        Assert.Equal("last", (string)Assert.Single(node.Outcomes)["result"]!);
        var left = Assert.Single(node.Calls, call => call.Method == "DELETE");
        Assert.Equal($"/api/v1/workers/w?instance_id={node.Instance}", left.PathAndQuery);
    }

    [Fact]
    public async Task Should_release_running_tasks_when_the_drain_grace_expires()
    {
        await using var agent = new RunningAgent(node, "sleep 1000", drainGrace: TimeSpan.FromMilliseconds(100));
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => agent.Log.Contains("leased", StringComparison.Ordinal), "the lease");

        Assert.Equal(0, await agent.StopAsync());
        Assert.Equal("/api/v1/tasks/t-1/release", Assert.Single(node.CallsTo("POST", "/release")).PathAndQuery);
        Assert.Empty(node.Outcomes);
    }

    [Fact]
    public async Task Should_deliver_before_it_registers_when_its_last_run_left_outcomes()
    {
        string agentFolder;
        await using (var first = new RunningAgent(node, "cat"))
        {
            agentFolder = first.Folder;
            node.StatusOf = _ => 503;
            node.Offer("t-1", "left");
            await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "a refused outcome");
            await first.AbortAsync();
        }

        var callsBefore = node.Calls.Count;
        node.StatusOf = _ => 200;
        await using var second = new RunningAgent(node, "cat", folder: agentFolder);
        await Wait.UntilAsync(() => Spooled(agentFolder).Length == 0 && node.CallsTo("POST", "/register").Count() == 2, "the delivery");

        var ofSecond = node.Calls.Skip(callsBefore).Select(call => call.PathAndQuery).ToArray();
        Assert.True(
            Array.IndexOf(ofSecond, "/api/v1/workers/w/results") < Array.IndexOf(ofSecond, "/api/v1/workers/register"),
            string.Join("\n", ofSecond));
    }

    [Fact]
    public async Task Should_register_again_when_the_node_forgot_it()
    {
        var answer = node.Answer;
        var forgotten = 0;
        node.Answer = (call, context) =>
            call.PathAndQuery.EndsWith("/heartbeat", StringComparison.Ordinal) && Interlocked.Exchange(ref forgotten, 0) == 1
            ? Task.FromResult<IResult?>(Results.Problem("there is no worker w", type: ProblemTypes.Unknown, statusCode: 404))
            : answer(call, context);
        await using var agent = new RunningAgent(node, "cat");
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "a heartbeat");

        forgotten = 1;

        await Wait.UntilAsync(() => node.CallsTo("POST", "/register").Count() == 2, "the second registration");
    }

    [Fact]
    public async Task Should_log_again_that_its_calls_are_rejected_when_it_has_moved_to_another_node()
    {
        await using var second = new FakeWorkNode();
        await second.StartAsync();
        await using var agent = new RunningAgent(node, "cat", second: second);
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "a heartbeat");
        node.RequiredToken = second.RequiredToken = "needed";
        await Wait.UntilAsync(() => Lines(agent, "heartbeat rejected") == 1, "the first line");

        await node.StopAsync();

        await Wait.UntilAsync(() => Lines(agent, "heartbeat rejected") == 2, "the line after the move");
        var moved = Assert.Single(agent.Log.Split('\n'), line => line.Contains("calls go to", StringComparison.Ordinal));
        Assert.Contains($"because they failed at {node.Address.GetLeftPart(UriPartial.Authority)} (", moved, StringComparison.Ordinal);
    }

    private static int Lines(RunningAgent agent, string text) =>
        agent.Log.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    private static string Spooled(string folder)
    {
        using var file = new FileStream(Path.Combine(folder, "outcomes.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private bool Freed(int epoch) => node.CallsTo("POST", "/heartbeat").Last().Body!["held"] is JsonArray held
        && held.All(lease => (long)lease!["epoch"]! != epoch);
}
