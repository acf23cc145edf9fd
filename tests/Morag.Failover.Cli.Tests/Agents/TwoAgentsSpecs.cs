using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>Two agents with the same worker id.</summary>
public sealed class TwoAgentsSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new() { KnowsInstances = true };

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Fact]
    public async Task Should_stop_without_registering_when_another_agent_is_alive()
    {
        await using var first = new RunningAgent(node, "cat", instance: "folder1.a");
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the first agent's registration");
        for (var start = 0; start < 3; start++)
        {
            await using var second = new RunningAgent(node, "cat", instance: $"folder2.{start}");
            var failure = await Assert.ThrowsAsync<CommandFailure>(() => second.Ended.WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.Equal(ExitCode.Conflict, failure.ExitCode);
            Assert.Contains("another process on here is running as worker w", failure.Message, StringComparison.Ordinal);
        }

        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Single(node.CallsTo("POST", "/register"));
    }

    [Fact]
    public async Task Should_stop_when_another_agent_replaced_it()
    {
        await using var first = new RunningAgent(node, "cat", instance: "folder1.a");
        await Wait.UntilAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the first agent's registration");

        // As if both had checked before either registered.
        node.Instance = "folder2.a";
        await using var second = new RunningAgent(node, "cat", instance: "folder2.a");

        var failure = await Assert.ThrowsAsync<CommandFailure>(() => first.Ended.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(ExitCode.Conflict, failure.ExitCode);
        node.Offer("t-1", "x");
        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("folder2.a", node.Instance);
    }

    [Fact]
    public async Task Should_take_over_when_the_other_agent_is_silent()
    {
        node.Instance = "folder1.dead";
        await using var second = new RunningAgent(node, "cat", instance: "folder2.a");

        await Wait.UntilAsync(() => node.Instance == "folder2.a", "the registration");
        Assert.Contains("The other process is silent. Taking over worker w", second.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_take_over_immediately_when_the_last_run_used_the_same_folder()
    {
        node.Instance = "folder1.dead";
        await using var second = new RunningAgent(node, "cat", instance: "folder1.next");

        await Wait.UntilAsync(() => node.Instance == "folder1.next", "the registration");
        Assert.DoesNotContain("another process", second.Log, StringComparison.Ordinal);
    }
}
