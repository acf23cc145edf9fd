using System.Text.Json;
using Morag.Failover.Cli.Top;

namespace Morag.Failover.Cli.Tests.Top;

/// <summary>What <c>morag top</c> draws.</summary>
public sealed class TopFrameSpecs
{
    private const string Hostile = "\\u001b[2J<script>\\nnext";

    private static readonly TopData Data = new()
    {
        Node = new Uri("http://127.0.0.1:8080"),
        At = DateTimeOffset.UnixEpoch,
        Status = Json("""{"up":2,"nodes":3,"unreachable":["10.0.0.3:4053"],"owners_down":1}"""),
        Fleet = Json("""{"alive_workers":2,"suspect_workers":0,"offline_workers":1,"draining_workers":0}"""),
        Queues = Json("""[{"queue_type":"gpu_priority","pending_tasks":312,"processing_tasks":4,"parked_tasks":1,"failed_tasks":0}]"""),
        Workers = Json($$"""
            [{"registration":{"worker_id":"quiet","capability":"cpu"},"liveness":"alive","breaker_state":"closed","held_leases":4},
            {"registration":{"worker_id":"{{Hostile}}","capability":"gpu"},"liveness":"offline","breaker_state":"open","held_leases":0}]
            """),
        Alerts = Json("""[{"severity":"critical","component":"queue-0","message":"it is down","raised_at":"2026-11-28T10:00:00Z"}]"""),
        Failures = Json("""
            [{"task_id":"t-1","failure_event":{"failure_type":"task_timeout","worker_id":"w-1"},"selected_action":{"strategy":"park"}}]
            """),
    };

    [Fact]
    public void Should_show_nodes_queues_workers_and_incidents()
    {
        var text = string.Join('\n', TopFrame.Lines(Data, null, 200, null, colors: false));

        Assert.Contains("2 of 3 nodes up, unreachable: 10.0.0.3:4053, 1 owners down", text, StringComparison.Ordinal);
        Assert.Contains("2 alive, 0 suspect, 1 offline", text, StringComparison.Ordinal);
        Assert.Matches("gpu_priority +312 +4 +1", text);
        Assert.Contains("critical  queue-0: it is down", text, StringComparison.Ordinal);
        Assert.Contains("t-1: task_timeout on w-1, park", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_show_workers_in_trouble_first_and_make_hostile_texts_harmless()
    {
        var lines = TopFrame.Lines(Data, null, 200, null, colors: false);

        var hostile = lines.ToList().FindIndex(line => line.Contains("<script>", StringComparison.Ordinal));
        Assert.InRange(hostile, 1, lines.ToList().FindIndex(line => line.Contains("quiet", StringComparison.Ordinal)) - 1);
        Assert.All(lines, line => Assert.DoesNotContain('\u001b', line));
    }

    [Theory]
    [InlineData(40, 12)]
    [InlineData(20, 5)]
    [InlineData(200, 50)]
    public void Should_fit_the_terminal(int width, int height)
    {
        var lines = TopFrame.Lines(Data, "no node answers", width, height, colors: false);

        Assert.InRange(lines.Count, 1, height);
        Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.Contains("no node answers"[..10], lines[0], StringComparison.Ordinal);
    }

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
}
