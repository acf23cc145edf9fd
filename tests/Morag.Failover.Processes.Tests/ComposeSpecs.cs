using System.Security.Cryptography;
using System.Text;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Deployment;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>The containers of <c>docker/compose.yaml</c>, run as processes.</summary>
public sealed class ComposeSpecs : IDisposable
{
    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["MORAG_TOKEN"] = RandomNumberGenerator.GetHexString(32),
        ["MORAG_REDIS_PASSWORD"] = RandomNumberGenerator.GetHexString(32),
    };

    private readonly TestFolder folder = new();

    [RequiresRedisServerFact]
    public async Task Should_form_one_healthy_cluster_that_runs_tasks_when_its_services_are_started()
    {
        await using var services = new ComposeProcesses(ComposeFile.Read(Secrets), folder.Path);
        await services.StartAsync();

        using var client = new NodeClient(services.AddressOf("node3"), token: Secrets["MORAG_TOKEN"]);
        await client.SubmitAsync([new { task_id = "t", queue = "cpu_standard", payload = "hello" }]);
        await Eventually.HoldsAsync(
            async () => (await client.TaskAsync("t")).State == TaskState.Succeeded,
            () => $"the task succeeds; the agent wrote:\n{services.Running["agent"].Output}");

        var members = await client.GetAsync<System.Text.Json.JsonElement>("/cluster/nodes");
        Assert.Equal(3, members.GetArrayLength());
        Assert.NotEqual(0, await services.CheckAsync("redis", Without(services, "REDISCLI_AUTH")));
        Assert.True(Directory.Exists(Path.Combine(folder.Path, "redis", "appendonlydir")));
        Assert.Empty(
            from service in services.Running.Values
            from process in service.Family()
            let commandLine = File.ReadAllText($"/proc/{process}/cmdline", Encoding.UTF8)
            where Secrets.Values.Any(secret => commandLine.Contains(secret, StringComparison.Ordinal))
            select commandLine);

        await services.Running["redis"].KillAsync();
        foreach (var service in (string[])["redis", "node1", "agent"])
        {
            await Eventually.HoldsAsync(
                async () => await services.CheckAsync(service) != 0, () => $"{service} is unhealthy after the loss of Redis");
        }
    }

    [Fact]
    public void Should_be_locked_down_and_healthy_by_a_check_when_it_is_any_service()
    {
        var file = ComposeFile.Read(Secrets);
        Assert.All(file.Services.Values, service =>
        {
            Assert.Equal(true, service["read_only"]);
            Assert.Contains(service.Words("tmpfs"), mount => mount.StartsWith("/tmp:", StringComparison.Ordinal));
            Assert.Equal(["ALL"], service.Words("cap_drop"));
            Assert.Equal(["no-new-privileges:true"], service.Words("security_opt"));
            Assert.Equal("unless-stopped", service["restart"]);
            Assert.Matches("^[1-9][0-9]*:[1-9][0-9]*$", (string?)service["user"]);
            Assert.NotEmpty(service.HealthCheck);
            Assert.All(service.Words("ports"), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
            Assert.Contains(file.Volumes, volume => service.Words("volumes").Contains($"{volume}:/data"));
        });
        Assert.Equal(file.Services.Count, file.Services.Values.SelectMany(service => service.Words("volumes")).Distinct().Count());
        Assert.DoesNotContain(
            file.Services.Values.SelectMany(service => service.Command.Concat(service.Entrypoint).Concat(service.HealthCheck)),
            word => Secrets.Values.Any(secret => word.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public void Should_not_start_when_a_secret_is_missing() =>
        Assert.All(Secrets.Keys, missing => Assert.Throws<KeyNotFoundException>(
            () => ComposeFile.Read(Secrets.Where(secret => secret.Key != missing).ToDictionary())));

    public void Dispose() => folder.Dispose();

    private static Dictionary<string, string> Without(ComposeProcesses services, string variable) =>
        services.EnvironmentOf("redis").Where(given => given.Key != variable).ToDictionary();
}
