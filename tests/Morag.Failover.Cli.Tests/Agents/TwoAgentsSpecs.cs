using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>Agents that claim the same worker id.</summary>
public sealed class TwoAgentsSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new() { KnowsInstances = true };

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Fact]
    public async Task Should_stop_without_touching_the_one_that_works_however_often_it_is_started()
    {
        await using var first = new RunningAgent(node, "cat", instance: "folder1.a");
        await Eventually.BeTrueAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the first agent's registration");
        for (var start = 0; start < 3; start++)
        {
            await using var second = new RunningAgent(node, "cat", instance: $"folder2.{start}");
            var failure = await Assert.ThrowsAsync<CommandFailure>(() => second.Ended.WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.Equal(ExitCode.Conflict, failure.ExitCode);
            Assert.Contains("another agent on here works as worker w", failure.Message, StringComparison.Ordinal);
        }

        node.Offer("t-1", "x");
        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Single(node.CallsTo("POST", "/register"));
    }

    [Fact]
    public async Task Should_stop_when_another_took_its_place_and_lives()
    {
        await using var first = new RunningAgent(node, "cat", instance: "folder1.a");
        await Eventually.BeTrueAsync(() => node.CallsTo("POST", "/heartbeat").Any(), "the first agent's registration");

        // As if both had looked before either registered.
        node.Instance = "folder2.a";
        await using var second = new RunningAgent(node, "cat", instance: "folder2.a");

        var failure = await Assert.ThrowsAsync<CommandFailure>(() => first.Ended.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(ExitCode.Conflict, failure.ExitCode);
        node.Offer("t-1", "x");
        await Eventually.BeTrueAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("folder2.a", node.Instance);
    }

    [Fact]
    public async Task Should_take_over_when_the_other_is_silent()
    {
        node.Instance = "folder1.dead";
        await using var second = new RunningAgent(node, "cat", instance: "folder2.a");

        await Eventually.BeTrueAsync(() => node.Instance == "folder2.a", "the registration");
        Assert.Contains("the other agent is silent: this one takes worker w over", second.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_take_over_at_once_when_it_is_the_next_run_of_the_same_folder()
    {
        node.Instance = "folder1.dead";
        await using var second = new RunningAgent(node, "cat", instance: "folder1.next");

        await Eventually.BeTrueAsync(() => node.Instance == "folder1.next", "the registration");
        Assert.DoesNotContain("another agent", second.Log, StringComparison.Ordinal);
    }
}
