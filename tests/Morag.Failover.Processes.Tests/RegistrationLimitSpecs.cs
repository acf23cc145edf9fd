using System.Net;
using System.Text.Json;
using Morag.Failover.Processes.Tests.Http;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>The limit of registered workers.</summary>
public sealed class RegistrationLimitSpecs : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Should_reject_a_registration_until_a_worker_leaves_when_the_limit_is_reached()
    {
        await using var node = await NodeProcess.StartAsync(new()
        {
            DataFolder = folder.Path,
            Config = "morag.failover { workers.max-registered = 2, partitions.directory-buckets = 1 }",
        });
        using var raw = new RawClient(node.Address);
        await RegisterAsync("a");
        await RegisterAsync("b");

        using var refused = await raw.SendAsync(new RawRequest("POST", "/api/v1/workers/register") { Body = Registration("c") });
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        var problem = await refused.Content.ReadAsStringAsync();
        Assert.Contains("has 2 of the 2 places, and none is free", problem, StringComparison.Ordinal);
        Assert.Contains("morag.failover.workers.max-registered", problem, StringComparison.Ordinal);
        using var read = await raw.SendAsync(new RawRequest("GET", "/api/v1/workers/c"));
        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);

        // A registered worker may register again, and a worker that leaves frees its place.
        await RegisterAsync("a");
        using var left = await raw.SendAsync(new RawRequest("DELETE", "/api/v1/workers/b"));
        Assert.True(left.IsSuccessStatusCode);
        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await raw.SendAsync(new RawRequest("POST", "/api/v1/workers/register") { Body = Registration("c") });
                return answer.IsSuccessStatusCode;
            },
            () => "c takes the place of b");

        Task<JsonElement> RegisterAsync(string worker) =>
            node.Client.PostAsync("/workers/register", new { registration = new { worker_id = worker, capability = "cpu" } });

        static byte[] Registration(string worker) =>
            JsonSerializer.SerializeToUtf8Bytes(new { registration = new { worker_id = worker, capability = "cpu" } });
    }

    public void Dispose() => folder.Dispose();
}
