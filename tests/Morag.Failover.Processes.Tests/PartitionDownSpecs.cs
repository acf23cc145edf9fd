using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Processes.Tests;

/// <summary>A queue partition that cannot recover: calls that need it fail with the reason, and all others work.</summary>
public sealed class PartitionDownSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private static readonly RedisKey Events = "journal:persisted:queue-0";

    private readonly TestFolder folder = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private NodeProcess node = null!;
    private ConnectionMultiplexer redis = null!;

    [ServerFact]
    public async Task Should_name_the_partition_and_the_reason_when_it_is_down()
    {
        await node.Client.PostAsync("/workers/register", new { registration = new { worker_id = "w", capability = "cpu" } });
        await node.Client.SubmitAsync([new { task_id = "t", queue = "cpu_batch" }]);
        var first = (await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(Events, 0, 0))[0];
        await node.KillAsync();
        await redis.GetDatabase().SortedSetRemoveAsync(Events, first.Element);
        await redis.GetDatabase().SortedSetAddAsync(Events, "no event", first.Score);

        await StartUnreadyAsync();

        // Readiness, lease calls, submissions and reads name the partition, and none of them waits for it.
        var ready = await SaysThatItIsDownAsync(HttpMethod.Get, "/health/ready", null);
        Assert.Contains("cannot be read", ready.GetProperty("failing").GetProperty("queue-0").GetString(), StringComparison.Ordinal);
        await SaysThatItIsDownAsync(HttpMethod.Post, "/api/v1/workers/w/lease", new { wait_seconds = 0 });
        await SaysThatItIsDownAsync(HttpMethod.Post, "/api/v1/workers/w/lease", new { wait_seconds = 20 });
        await SaysThatItIsDownAsync(HttpMethod.Post, "/api/v1/tasks", new { queue = "cpu_batch" });
        await SaysThatItIsDownAsync(HttpMethod.Post, "/api/v1/tasks", new[] { new { queue = "cpu_batch" } });
        await SaysThatItIsDownAsync(HttpMethod.Get, "/api/v1/tasks/t", null);
        await SaysThatItIsDownAsync(HttpMethod.Get, "/api/v1/queues", null);

        // The other entities work, and the log has the error once, however often the recovery is retried.
        Assert.Single(await node.Client.WorkersAsync());
        Assert.Equal(0, (await node.Client.StatisticsAsync()).TotalFailures);
        Assert.Single(node.Program.Output.Split('\n'), line => line.Contains("queue-0 cannot recover", StringComparison.Ordinal));

        await redis.GetDatabase().SortedSetRemoveAsync(Events, "no event");
        await redis.GetDatabase().SortedSetAddAsync(Events, first.Element, first.Score);

        await Eventually.HoldsAsync(node.Client.IsReadyAsync, () => $"it is ready again; it wrote:\n{node.Program.Output}");
        var leases = await node.Client.PostAsync("/workers/w/lease", new { wait_seconds = 20 });
        Assert.Equal("t", leases.EnumerateArray().Single().GetProperty("task_id").GetString());
        Assert.Equal(TaskState.Leased, (await node.Client.TaskAsync("t")).State);
    }

    public async Task InitializeAsync()
    {
        await server.FlushAsync();
        redis = await server.ConnectAsync();
        node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path, Redis = server.ConnectionString, Config = TestConfig.Text });
    }

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        await redis.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    private async Task StartUnreadyAsync()
    {
        node.StartWithoutWaiting();
        await Eventually.HoldsAsync(
            async () =>
            {
                try
                {
                    using var answer = await http.GetAsync(new Uri(node.Address, "/health/ready"));
                    return (await answer.Content.ReadAsStringAsync()).Contains("cannot be read", StringComparison.Ordinal);
                }
                catch (Exception absent) when (NodeSilence.Explains(absent))
                {
                    return false;
                }
            },
            () => $"readiness says what cannot be read; the node wrote:\n{node.Program.Output}");

        // After some attempts, the delay is long enough to call between them.
        await Eventually.HoldsAsync(
            async () => (await http.GetStringAsync(new Uri(node.Address, "/health/live"))).Length > 0
                && (await AskAsync(HttpMethod.Get, "/api/v1/tasks/t", null)).RetryAfter >= TimeSpan.FromSeconds(8),
            () => "the delay has grown");
    }

    private async Task<JsonElement> SaysThatItIsDownAsync(HttpMethod method, string path, object? body)
    {
        var (status, retryAfter, problem) = await AskAsync(method, path, body);

        Assert.True(status == HttpStatusCode.ServiceUnavailable, $"{method} {path}: {status} {problem}");
        Assert.True(retryAfter >= TimeSpan.FromSeconds(1), $"{method} {path}: {retryAfter}");
        Assert.Contains("queue-0", problem.ToString(), StringComparison.Ordinal);
        Assert.Contains("cannot be read", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        return problem;
    }

    private async Task<(HttpStatusCode Status, TimeSpan? RetryAfter, JsonElement Problem)> AskAsync(
        HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(node.Address, path))
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        using var answer = await http.SendAsync(request);
        return (answer.StatusCode, answer.Headers.RetryAfter?.Delta, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }
}
