using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Agents that are stopped from outside, that share an id, or whose leases are extended.</summary>
public sealed class AgentStopSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Slots = 4;

    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    private string Gate => Path.Combine(folder.Path, "gate");

    [ServerTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_blame_nobody_when_an_agent_and_its_commands_are_stopped(bool commandsFirst)
    {
        await SubmitAsync("cpu", Slots);
        await using var stopped = Start("stopped", "one");
        await Eventually.HoldsAsync(
            () => Task.FromResult(Commands() == Slots), () => $"{Slots} commands run; the agent wrote:\n{stopped.Output}");

        var family = stopped.Family().Where(process => process != stopped.Id).ToArray();
        foreach (var process in commandsFirst ? [.. family, stopped.Id] : (int[])[stopped.Id, .. family])
        {
            Signals.Send(process, Signal.Terminate);
        }

        Assert.Equal(0, await stopped.EndedAsync());
        await File.WriteAllTextAsync(Gate, "");
        await using var other = Start("other", "two");
        await AllSucceedAsync(Slots, () => other.Output);
        Assert.Empty(await node.Client.FailuresAsync());
    }

    [ServerFact]
    public async Task Should_let_one_of_two_agents_work_when_supervisors_keep_restarting_both_under_one_id()
    {
        const int Tasks = 40;
        using var over = new CancellationTokenSource();
        await using var one = new Supervised(() => Start("shared", "one"));
        await using var two = new Supervised(() => Start("shared", "two"));
        var supervised = new[] { one.RunAsync(over.Token), two.RunAsync(over.Token) };
        await File.WriteAllTextAsync(Gate, "");

        // Both have started before there is work, so that the loser keeps restarting while the work is done.
        await Eventually.HoldsAsync(() => Task.FromResult(one.Ends + two.Ends >= 3), () => $"three ends;\n{one.Output}\n{two.Output}");
        await SubmitAsync("cpu", Tasks);
        await AllSucceedAsync(Tasks, () => $"{one.Output}\n{two.Output}");
        var before = (One: one.Ends, Two: two.Ends);
        await Eventually.HoldsAsync(() => Task.FromResult(one.Ends + two.Ends >= before.One + before.Two + 2), () => "two more ends");

        Assert.True(one.Ends == before.One || two.Ends == before.Two, "one of them never ended");
        Assert.Empty(await node.Client.FailuresAsync());
        await over.CancelAsync();
        await Task.WhenAll(supervised);
    }

    [ServerFact]
    public async Task Should_not_end_a_command_at_the_first_deadline_when_its_lease_was_extended()
    {
        await node.Client.SubmitAsync(
            [new { task_id = "long", queue = "cpu_standard", payload = "x", max_retries = 0, timeout_seconds = 3 }]);
        await using var agent = Start("one", "one");
        await Eventually.HoldsAsync(() => Task.FromResult(Commands() == 1), () => $"the command runs; the agent wrote:\n{agent.Output}");
        var task = await node.Client.TaskAsync("long");

        await node.Client.PostAsync("/tasks/long/extend", new { worker_id = "one", epoch = task.Epoch.Value, seconds = 600 });

        await Eventually.HoldsAsync(
            () => Task.FromResult(TimeProvider.System.GetUtcNow() > task.Deadline + TimeSpan.FromSeconds(1)),
            () => "the first deadline passes");
        await File.WriteAllTextAsync(Gate, "");
        await AllSucceedAsync(1, () => agent.Output);
        Assert.Empty(await node.Client.FailuresAsync());
    }

    public async Task InitializeAsync()
    {
        await server.FlushAsync();
        node = await NodeProcess.StartAsync(new NodeProcessSettings
        {
            Redis = server.ConnectionString,
            DataFolder = folder.Sub("node"),
            Config = TestConfig.Text,
        });
    }

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    private RunningProgram Start(string worker, string workFolder) => AgentProcess.Start(new AgentProcessSettings
    {
        Node = node.Address,
        WorkerId = worker,
        Capability = "cpu",
        Slots = Slots,
        WorkFolder = folder.Sub(workFolder),
        Heartbeat = TimeSpan.FromMilliseconds(250),
        Command =
        [
            "/bin/sh", "-c", $"echo x > {folder.Path}/running-$MORAG_TASK_ID; while [ ! -e {Gate} ]; do sleep 0.05; done; echo done",
        ],
    });

    private int Commands() => Directory.GetFiles(folder.Path, "running-*").Length;

    private Task SubmitAsync(string prefix, int count) => node.Client.SubmitAsync(
        Enumerable.Range(1, count).Select(
            number => (object)new { task_id = $"{prefix}-{number}", queue = "cpu_standard", payload = "x", max_retries = 0 }));

    private Task AllSucceedAsync(int count, Func<string> output) => Eventually.HoldsAsync(
        async () => (await node.Client.TasksAsync(TaskState.Succeeded)).Count == count,
        () => $"{count} tasks succeed; the agents wrote:\n{output()}");

    /// <summary>Restarts a program whenever it ends.</summary>
    private sealed class Supervised(Func<RunningProgram> start) : IAsyncDisposable
    {
        private RunningProgram? program;

        /// <summary>The number of times that it ended.</summary>
        public int Ends { get; private set; }

        public string Output => program?.Output ?? "";

        public async Task RunAsync(CancellationToken over)
        {
            while (!over.IsCancellationRequested)
            {
                program = start();
                await using var stopping = over.UnsafeRegister(running => ((RunningProgram)running!).Send(Signal.Terminate), program);
                _ = await program.EndedAsync();
                Ends++;
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (program is not null)
            {
                await program.DisposeAsync();
            }
        }
    }
}
