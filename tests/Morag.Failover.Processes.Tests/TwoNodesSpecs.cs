using System.Globalization;
using System.Text.Json;
using Morag.Failover.Processes.Tests.Hashing;
using Morag.Failover.Processes.Tests.Http;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Two nodes on one Redis: either answers every call, and either takes over from the other.</summary>
public sealed class TwoNodesSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Files = 200;

    private readonly TestFolder folder = new();
    private readonly int[] ports = [LoopbackPort.Free(), LoopbackPort.Free()];
    private readonly NodeProcess[] nodes = new NodeProcess[2];

    [ServerTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Should_complete_every_task_once_when_one_of_two_nodes_is_killed(int killed)
    {
        var survivor = nodes[1 - killed];
        var files = HashedFiles.Create(folder.Sub("files"), Files);
        Fleet.Hold(folder.Path, Fleet.Gpu1);
        await using var fleet = Fleet.Start(folder.Path, worker => (worker == Fleet.Gpu1 ? nodes[killed] : survivor).Address);
        await files.SubmitAsync(nodes[0].Client, ..(Files / 2));
        await files.SubmitAsync(nodes[1].Client, (Files / 2)..);
        await Fleet.HoldsTasksAsync(survivor.Client, Fleet.Gpu1);

        // The agent that worked for this node can reach nobody now: what it holds has to go to the other one.
        await nodes[killed].KillAsync();

        await Outcome.IsRightAsync(survivor.Client, files, fleet);
    }

    [ServerFact]
    public async Task Should_answer_every_call_on_either_node()
    {
        var stages = 0;
        for (var asked = 0; asked < nodes.Length; asked++)
        {
            using var client = new RawClient(nodes[asked].Address);
            foreach (var call in ApiCall.All)
            {
                // What the call is about was set up through the other node, and the owners are spread over both.
                var stage = await Stage.SetAsync(nodes[1 - asked].Client, $"stage-{++stages}", call.OnParkedTask);
                using var answer = await client.SendAsync(RawRequest.Of(call, stage));
                Assert.True(answer.IsSuccessStatusCode, $"node {asked} answered {call.Name} with {answer}");
            }
        }

        await BothTellTheSameAsync(node => node.TasksAsync());
        await BothTellTheSameAsync(node => node.FailuresAsync());
        await BothTellTheSameAsync(node => node.StatisticsAsync());
        await BothTellTheSameAsync(node => node.QueuesAsync());
    }

    [ServerFact]
    public async Task Should_show_the_events_of_the_whole_cluster_on_either_node()
    {
        using var http = new HttpClient();
        var streams = new List<Stream>();
        foreach (var node in nodes)
        {
            streams.Add(await http.GetStreamAsync(new Uri(node.Address, "/api/v1/events")));
        }

        // Enough tasks for coordinators on both nodes.
        var tasks = Enumerable.Range(0, 40).Select(number => string.Create(CultureInfo.InvariantCulture, $"elsewhere-{number}")).ToHashSet();
        for (var number = 0; number < nodes.Length; number++)
        {
            foreach (var task in tasks.Where((_, place) => place % nodes.Length == number))
            {
                await nodes[number].Client.PostAsync("/failures", new { event_id = task, task_id = task, failure_type = "network_failure", error_message = "cut" });
            }
        }

        foreach (var stream in streams)
        {
            Assert.Equal(tasks.Order(StringComparer.Ordinal), (await DecidedAsync(stream, tasks.Count)).Order(StringComparer.Ordinal));
            await stream.DisposeAsync();
        }
    }

    public async Task InitializeAsync()
    {
        await server.FlushAsync();
        for (var number = 0; number < nodes.Length; number++)
        {
            nodes[number] = await NodeProcess.StartAsync(new NodeProcessSettings
            {
                Redis = server.ConnectionString,
                DataFolder = Path.Combine(folder.Path, string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
                ClusterPort = ports[number],
                Seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))],
                Config = TestConfig.Text,
            });
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var node in nodes)
        {
            if (node is not null)
            {
                await node.DisposeAsync();
            }
        }

        folder.Dispose();
    }

    /// <summary>The tasks of the first so many decisions that a stream of events shows.</summary>
    private static async Task<List<string>> DecidedAsync(Stream events, int count)
    {
        using var patience = new CancellationTokenSource(Eventually.Bound);
        using var reader = new StreamReader(events);
        var decided = new List<string>();
        var name = "";
        while (decided.Count < count && await reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (name == "decision" && line.StartsWith("data: ", StringComparison.Ordinal))
            {
                decided.Add(JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("task_id").GetString()!);
            }
        }

        return decided;
    }

    /// <summary>Both come to the same: what one owner owes another arrives a moment later.</summary>
    private async Task BothTellTheSameAsync<T>(Func<NodeClient, Task<T>> what)
    {
        var told = new string[nodes.Length];
        await Eventually.HoldsAsync(
            async () =>
            {
                for (var number = 0; number < nodes.Length; number++)
                {
                    told[number] = JsonSerializer.Serialize(await what(nodes[number].Client));
                }

                return told[0] == told[1];
            },
            () => $"both nodes tell the same:\n{string.Join('\n', told)}");
    }
}
