using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary>What a node sends over OTLP, and its log as JSON.</summary>
public sealed class TelemetryExportSpecs : IDisposable
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private readonly TestFolder folder = new();
    private readonly HttpListener collector = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<byte[]>> received = new();
    private readonly string address = $"http://127.0.0.1:{RedisTestServer.FreePort()}/";

    public TelemetryExportSpecs()
    {
        collector.Prefixes.Add(address);
        collector.Start();
    }

    public void Dispose()
    {
        collector.Close();
        folder.Dispose();
    }

    [Fact]
    public async Task Should_send_metrics_and_the_spans_of_a_traced_task_and_log_only_json()
    {
        var collecting = CollectAsync();
        await using (var node = await NodeProcess.StartAsync(new NodeProcessSettings
        {
            DataFolder = folder.Path,
            OutputKept = 1_000_000,
            Environment = new Dictionary<string, string>
            {
                ["MORAG_LOG_FORMAT"] = "json",
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
                ["OTEL_SERVICE_NAME"] = "spec-node",
            },
        }))
        {
            await RunTracedTaskAsync(node);
            await Eventually.HoldsAsync(
                () => Task.FromResult(Received("v1/traces", "attempt cpu_standard") && Received("v1/metrics", "morag.tasks.finished")),
                () => $"the collector gets both; it got {string.Join(", ", received.Select(each => $"{each.Key}: {each.Value.Count}"))}");

            Assert.True(Received("v1/traces", "spec-node"));
            Assert.Contains(received["v1/traces"], body => body.AsSpan().IndexOf(Convert.FromHexString(Trace)) >= 0);
            AssertIsJson(node.Program.Output);
        }

        collector.Close();
        await collecting;
    }

    /// <summary>The trace is in the header of the submission, as instrumented clients send it.</summary>
    private static async Task RunTracedTaskAsync(NodeProcess node)
    {
        using var http = new HttpClient { BaseAddress = node.Address };
        using var submit = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tasks")
        {
            Content = new StringContent("""{"task_id":"traced","queue":"cpu_standard"}""", Encoding.UTF8, "application/json"),
        };
        submit.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        using var accepted = await http.SendAsync(submit);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await node.Client.PostAsync("/workers/register", new { registration = new { worker_id = "w", capability = "cpu" } });
        var leases = await node.Client.PostAsync("/workers/w/lease", new { wait_seconds = 20, request_id = "lease" });
        var lease = Assert.Single(leases.EnumerateArray());
        Assert.Equal($"00-{Trace}-00f067aa0ba902b7-01", lease.GetProperty("traceparent").GetString());
        await node.Client.PostAsync(
            "/tasks/traced/complete", new { worker_id = "w", epoch = lease.GetProperty("epoch").GetInt64(), result = 1 });
    }

    private static void AssertIsJson(string output)
    {
        var entries = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .ToList();
        Assert.All(entries, entry => Assert.NotNull(entry.GetProperty("Message").GetString()));
        Assert.Contains(entries, entry => entry.GetProperty("State").TryGetProperty("Folder", out _));
        Assert.Contains(entries, entry => entry.GetProperty("Category").GetString()!.StartsWith("Akka", StringComparison.Ordinal));
        Assert.Contains(entries, entry => entry.GetProperty("State") is var state
            && state.TryGetProperty("WorkerId", out var worker) && worker.GetString() == "w"
            && state.TryGetProperty("Change", out var change) && change.GetString() == "registered");
    }

    private bool Received(string path, string text) =>
        received.TryGetValue(path, out var bodies) && bodies.Any(body => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

    private async Task CollectAsync()
    {
        while (collector.IsListening)
        {
            HttpListenerContext call;
            try
            {
                call = await collector.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var body = new MemoryStream();
            await call.Request.InputStream.CopyToAsync(body);
            received.GetOrAdd(call.Request.Url!.AbsolutePath.Trim('/'), _ => []).Enqueue(body.ToArray());
            call.Response.StatusCode = 200;
            call.Response.ContentType = "application/x-protobuf";
            call.Response.Close();
        }
    }
}
