using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>The settings for listening and storage.</summary>
public sealed class NodeStartSpecs(RedisServer server) : IClassFixture<RedisServer>, IDisposable
{
    private readonly TestFolder folder = new();

    [ServerFact]
    public async Task Should_report_it_in_one_line_before_it_joins_the_cluster_when_it_cannot_listen()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        await IsRefusedBeforeItStartsAsync(string.Create(CultureInfo.InvariantCulture, $"http://{listener.LocalEndpoint}"));
    }

    [ServerFact]
    public Task Should_report_it_in_one_line_before_it_joins_the_cluster_when_it_has_no_certificate() =>
        IsRefusedBeforeItStartsAsync(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{RedisTestServer.FreePort()}"));

    [ServerFact]
    public async Task Should_store_everything_in_one_database_when_the_connection_string_names_it()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();

        await using var node = await NodeProcess.StartAsync(
            new() { DataFolder = folder.Path, Redis = server.ConnectionString + ",defaultDatabase=3" });
        await node.Client.SubmitAsync([new { task_id = "t", queue = "cpu_batch" }]);

        Assert.True(await redis.GetDatabase(3).KeyExistsAsync("journal:persisted:queue-0"));
        Assert.Empty(redis.GetServers()[0].Keys(0).Select(key => key.ToString()));
    }

    [ServerFact]
    public async Task Should_log_where_its_data_is()
    {
        await server.FlushAsync();

        await using var node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path, Redis = server.ConnectionString });

        Assert.Contains($"The data folder is {folder.Path} (morag.data)", node.Program.Output, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_use_a_certificate_when_the_web_server_is_given_one()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(120));
        var file = Path.Combine(folder.Path, "node.pfx");
        await File.WriteAllBytesAsync(file, certificate.Export(X509ContentType.Pkcs12, "secret"));
        var url = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{RedisTestServer.FreePort()}");

        await using var node = RunningProgram.StartUnder(
            ["env", $"Kestrel__Certificates__Default__Path={file}", "Kestrel__Certificates__Default__Password=secret"],
            Programs.Node,
            ["--data", folder.Path, "--redis", server.ConnectionString, "--http", url]);

        using var trusting = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == certificate.Thumbprint,
        };
        using var client = new HttpClient(trusting);
        await Eventually.HoldsAsync(
            () => IsReadyAsync(client, url),
            () => $"the node is ready; it wrote:\n{node.Output}");
    }

    public void Dispose() => folder.Dispose();

    // Once the actor system starts and joins the cluster, the output has more than one line.
    private async Task IsRefusedBeforeItStartsAsync(string url)
    {
        await using var refused = RunningProgram.Start(
            Programs.Node, "--data", folder.Path, "--redis", server.ConnectionString, "--http", url);

        Assert.Equal(2, await refused.EndedAsync());
        var line = Assert.Single(refused.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"morag.http = \"{url}\" is refused: ", line, StringComparison.Ordinal);
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, string url)
    {
        try
        {
            using var answer = await client.GetAsync(url + "/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception absent) when (NodeSilence.Explains(absent))
        {
            return false;
        }
    }
}
