using System.Text.Json.Nodes;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>Commands that report progress, on a real agent.</summary>
public sealed class AgentProgressSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new();

    private JsonNode[] Reports => [.. node.CallsTo("POST", "/progress").Select(call => call.Body!)];

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Fact]
    public async Task Should_report_what_a_running_command_appends_and_remove_the_file()
    {
        await using var agent = new RunningAgent(
            node,
            """
            echo '{"percent":40,"message":"page 3","checkpoint":{"page":3}}' >> "$MORAG_PROGRESS"
            read go; echo "$MORAG_CHECKPOINT"
            """);
        node.OfferRaw("t-1", "\"go\"", checkpoint: """{"page":2}""");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("{\"page\":2}\n", (string?)node.Outcomes.Single()["result"]);
        await Wait.UntilAsync(() => FilesIn(agent, "progress") == 0, "the file to be gone");
    }

    [Fact]
    public async Task Should_report_progress_while_the_command_runs()
    {
        await using var agent = new RunningAgent(node, """echo 40 >> "$MORAG_PROGRESS"; sleep 1000""");
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => Reports.Length > 0, "a report");
        Assert.Equal("""{"worker_id":"w","epoch":1,"percent":40,"message":null,"checkpoint":null}""", Reports[0].ToJsonString());
        await Wait.UntilAsync(
            () => node.CallsTo("POST", "/heartbeat").Any(call => HeldIn(call) is { } held && (double?)held["progress"] == 0.4),
            "a heartbeat with it");
    }

    [Fact]
    public async Task Should_report_the_last_checkpoint_before_the_failure()
    {
        await using var agent = new RunningAgent(node, """printf '{"checkpoint":"last"}' >> "$MORAG_PROGRESS"; exit 1""");
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("last", (string?)Assert.Single(Reports)["checkpoint"]);
        Assert.Equal(["progress", "results"], Steps("progress", "results"));
    }

    [Fact]
    public async Task Should_report_the_last_checkpoint_before_the_release_when_the_agent_stops()
    {
        await using var agent = new RunningAgent(
            node,
            """
            trap 'echo "{\"checkpoint\":\"on TERM\"}" >> "$MORAG_PROGRESS"; exit 143' TERM
            echo 1 >> "$MORAG_PROGRESS"; sleep 1000 & wait
            """,
            drainGrace: TimeSpan.Zero);
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => Reports.Length > 0, "a report");
        await agent.StopAsync();

        Assert.Equal("on TERM", (string?)Reports[^1]["checkpoint"]);
        Assert.Equal(["progress", "release"], Steps("progress", "release", "results").TakeLast(2));
        Assert.Empty(node.Outcomes);
    }

    [Fact]
    public async Task Should_run_the_command_and_deliver_its_result_when_the_node_rejects_progress()
    {
        node.ProgressStatus = 404;
        await using var agent = new RunningAgent(
            node,
            """
            echo 40 >> "$MORAG_PROGRESS"
            until [ -e "$MORAG_PROGRESS.go" ]; do sleep 0.02; done
            rm "$MORAG_PROGRESS.go"; echo done
            """);
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => agent.Log.Contains("progress rejected", StringComparison.Ordinal), "the log");
        foreach (var file in Directory.GetFiles(Path.Combine(agent.Folder, "progress")))
        {
            await File.WriteAllTextAsync(file + ".go", "");
        }

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("done\n", (string?)node.Outcomes.Single()["result"]);
        Assert.Single(Reports);
    }

    [Fact]
    public async Task Should_log_once_and_go_on_when_lines_cannot_be_used()
    {
        await using var agent = new RunningAgent(
            node, """for i in 1 2 3 4 5; do echo "line $i" >> "$MORAG_PROGRESS"; done; echo 7 >> "$MORAG_PROGRESS"; exit 1""");
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal(7, (double)Assert.Single(Reports)["percent"]!);
        Assert.Single(agent.Log.Split('\n'), line => line.Contains("ignoring reported progress", StringComparison.Ordinal));
    }

    private static JsonNode? HeldIn(SeenCall call) => call.Body!["held"] is JsonArray { Count: 1 } held ? held[0] : null;

    private static int FilesIn(RunningAgent agent, string folder) => Directory.GetFiles(Path.Combine(agent.Folder, folder)).Length;

    private IEnumerable<string> Steps(params string[] steps) => node.Calls
        .Select(call => call.PathAndQuery.Split('?')[0].Split('/')[^1])
        .Where(steps.Contains);
}
