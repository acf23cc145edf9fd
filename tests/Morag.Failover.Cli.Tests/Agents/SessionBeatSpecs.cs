namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>An agent whose session carries beats.</summary>
public sealed class SessionBeatSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new() { HasSockets = true };
    private readonly string folder = Directory.CreateTempSubdirectory("morag-specs-").FullName;

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Should_send_beats_and_few_heartbeats_when_nothing_changes()
    {
        await using var agent = new RunningAgent(node, "cat");
        await Wait.UntilAsync(() => node.Beats > 5, "beats");
        var (heartbeats, beats) = (Heartbeats, node.Beats);

        await Wait.UntilAsync(() => node.Beats >= beats + 20, "more beats");

        Assert.InRange(Heartbeats - heartbeats, 1, 4);
    }

    [Fact]
    public async Task Should_send_a_heartbeat_when_its_leases_change()
    {
        var gate = Path.Combine(folder, "gate");
        await using var agent = new RunningAgent(node, $"while [ ! -e {gate} ]; do sleep 0.05; done; cat");
        await Wait.UntilAsync(() => node.Beats > 5, "beats");

        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => LastHeld == 1, "a heartbeat with the lease");
        await File.WriteAllTextAsync(gate, "");
        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        node.Believed.Clear();
        await Wait.UntilAsync(() => LastHeld == 0, "a heartbeat without the lease");
    }

    [Fact]
    public async Task Should_kill_the_command_when_the_session_says_that_the_lease_is_revoked()
    {
        var child = Path.Combine(folder, "child");
        await using var agent = new RunningAgent(node, $"echo $$ > {child}.tmp; mv {child}.tmp {child}; sleep 1000");
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => File.Exists(child), "the running command");

        node.Send("lease_revoked", new { task_id = "t-1", epoch = 1, reason = "as the test says" });

        await Wait.UntilAsync(() => CommandProcesses.IsGone(CommandProcesses.Id(child)), "the end of the command");
    }

    [Fact]
    public async Task Should_not_end_the_command_at_its_first_deadline_when_the_session_says_that_the_lease_is_extended()
    {
        var begun = Path.Combine(folder, "begun");
        await using var agent = new RunningAgent(node, $"touch {begun}; sleep 3; printf done");
        node.Offer("t-1", "x", remainingSeconds: 2);
        await Wait.UntilAsync(() => File.Exists(begun), "the running command");

        node.Send("lease_extended", new { task_id = "t-1", epoch = 1, deadline = "2030-01-01T01:00:00Z" });

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("done", (string?)node.Outcomes.Single()["result"]);
    }

    [Theory]
    [InlineData("heartbeat")]
    [InlineData("superseded")]
    public async Task Should_send_a_heartbeat_at_once_when_the_node_says_that_something_changed(string happened)
    {
        await using var agent = new RunningAgent(node, "cat");
        await Wait.UntilAsync(() => node.Beats > 5, "beats");
        var heartbeats = Heartbeats;

        node.Send(happened, new { });

        await Wait.UntilAsync(() => Heartbeats > heartbeats, "a heartbeat");
    }

    [Fact]
    public async Task Should_send_heartbeats_when_the_node_confirms_no_beat()
    {
        await using var agent = new RunningAgent(node, "cat");
        await Wait.UntilAsync(() => node.Beats > 5, "beats");
        var heartbeats = Heartbeats;

        node.ConfirmsBeats = false;

        await Wait.UntilAsync(() => Heartbeats >= heartbeats + 3, "heartbeats");
    }

    [Fact]
    public async Task Should_send_heartbeats_when_the_node_answers_with_a_stream_of_events()
    {
        await using var old = new FakeWorkNode();
        await old.StartAsync();
        await using var agent = new RunningAgent(old, "cat");

        await Wait.UntilAsync(() => old.SessionOpen && old.CallsTo("POST", "/heartbeat").Count() > 10, "heartbeats");
        Assert.Equal(0, old.Beats);
    }

    private int Heartbeats => node.CallsTo("POST", "/heartbeat").Count();

    private int LastHeld => node.CallsTo("POST", "/heartbeat").Last().Body!["held"]!.AsArray().Count;
}
