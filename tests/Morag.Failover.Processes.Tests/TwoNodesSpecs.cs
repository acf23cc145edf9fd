using System.Globalization;
using System.Text.Json;
using Morag.Failover.Processes.Tests.Hashing;
using Morag.Failover.Processes.Tests.Http;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Two nodes on one Redis: each answers every call, and takes over from the other.</summary>
public sealed class TwoNodesSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Files = 200;

    private readonly TestFolder folder = new();
    private TwoNodes both = null!;
    private NodeProcess[] nodes = [];

    [ServerTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Should_complete_every_task_once_when_one_of_two_nodes_is_killed(int killed)
    {
        var survivor = nodes[1 - killed];
        var files = HashedFiles.Create(folder.Sub("files"), Files);
        await using var fleet = Fleet.Start(folder.Path, worker => (worker == Fleet.Gpu1 ? nodes[killed] : survivor).Address);
        await files.SubmitAsync(nodes[0].Client, ..(Files / 2));
        await files.SubmitAsync(nodes[1].Client, (Files / 2)..);
        await fleet.HoldsTasksAsync(survivor.Client, Fleet.Gpu1);

        // The agent of this node has learned the other one. It goes on there with what it holds.
        await nodes[killed].KillAsync();
        fleet.Release(Fleet.Gpu1);

        await Outcome.IsRightAsync(survivor.Client, files, fleet);
    }

    [ServerFact]
    public async Task Should_answer_every_call_when_either_node_is_asked()
    {
        await Stage.RaiseAlertAsync(nodes[0].Client);
        var stages = 0;
        for (var asked = 0; asked < nodes.Length; asked++)
        {
            using var client = new RawClient(nodes[asked].Address);
            foreach (var call in ApiCall.All)
            {
                // The stage is set up through the other node, and the owners are spread over both.
                var stage = await Stage.SetAsync(nodes[1 - asked].Client, $"stage-{++stages}", call.OnParkedTask);
                using var answer = await client.SendAsync(RawRequest.Of(call, stage));
                Assert.True(answer.IsSuccessStatusCode, $"node {asked} answered {call.Name} with {answer}");
            }
        }

        await BothAnswerTheSameAsync(node => node.TasksAsync());
        await BothAnswerTheSameAsync(node => node.FailuresAsync());
        await BothAnswerTheSameAsync(node => node.StatisticsAsync());
        await BothAnswerTheSameAsync(node => node.QueuesAsync());
    }

    [ServerFact]
    public async Task Should_show_every_event_once_and_in_order_when_either_node_is_watched()
    {
        using var http = new HttpClient();
        await using var one = await WatchedEvents.OpenAsync(http, nodes[0].Address);
        await using var other = await WatchedEvents.OpenAsync(http, nodes[1].Address);
        WatchedEvents[] streams = [one, other];

        // Enough ids for owners on both nodes. The nodes may not know each other's streams yet.
        string[] tasks = [.. Enumerable.Range(0, 40).Select(number => string.Create(CultureInfo.InvariantCulture, $"elsewhere-{number}"))];
        string[] workers = [.. tasks.Take(10).Select(task => $"worker-of-{task}")];
        string[] early = [.. tasks.Select(task => $"early-{task}")];
        await Eventually.HoldsAsync(
            async () =>
            {
                await ReportAsync(early);
                return streams.All(stream => early.All(task => stream.OfTask(task).Count > 0));
            },
            () => "the events of one node are shown on the other");

        // Events arrive in order, so a duplicate would arrive before the next round.
        for (var round = 1; round <= 2; round++)
        {
            await ReportAsync(tasks);
            await RegisterAsync(workers);
            await Eventually.HoldsAsync(
                () => Task.FromResult(
                    streams.All(
                        stream => tasks.All(task => stream.OfTask(task).Count >= 2 * round) && workers.All(
                            worker => stream.OfWorker(worker).Count >= round))),
                () => $"all events of round {round} are shown on both nodes");
        }

        foreach (var stream in streams)
        {
            Assert.All(tasks, task => Assert.Equal(["failure", "decision", "failure", "decision"], stream.OfTask(task)));
            Assert.All(workers, worker => Assert.Equal(["worker", "worker"], stream.OfWorker(worker)));
        }
    }

    public async Task InitializeAsync()
    {
        var started = await TwoNodes.StartAsync(server, folder, Stage.Config);
        (both, nodes) = (started, [started[0], started[1]]);
    }

    public async Task DisposeAsync()
    {
        await both.DisposeAsync();
        folder.Dispose();
    }

    private Task ReportAsync(string[] tasks) => OnBothAsync(
        tasks, (node, task) => node.PostAsync(
            "/failures",
            new { event_id = Guid.NewGuid().ToString("N"), task_id = task, failure_type = "network_failure", error_message = "cut" }));

    private Task RegisterAsync(string[] workers) => OnBothAsync(
        workers, (node, worker) => node.PostAsync(
            "/workers/register",
            new { registration = new { worker_id = worker, capability = "cpu", instance_id = Guid.NewGuid().ToString("N") } }));

    /// <summary>Makes the calls on alternating nodes.</summary>
    private async Task OnBothAsync(string[] names, Func<NodeClient, string, Task> call)
    {
        for (var place = 0; place < names.Length; place++)
        {
            await call(nodes[place % nodes.Length].Client, names[place]);
        }
    }

    /// <summary>Waits until both nodes give the same answer.</summary>
    private async Task BothAnswerTheSameAsync<T>(Func<NodeClient, Task<T>> what)
    {
        var answers = new string[nodes.Length];
        await Eventually.HoldsAsync(
            async () =>
            {
                for (var number = 0; number < nodes.Length; number++)
                {
                    answers[number] = JsonSerializer.Serialize(await what(nodes[number].Client));
                }

                return answers[0] == answers[1];
            },
            () => $"both nodes answer the same:\n{string.Join('\n', answers)}");
    }
}
