using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Processes.Tests.CommandLine;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>An operator learns of a killed worker, takes care of it, and sees that it is over.</summary>
public sealed class AlertProcessSpecs : IAsyncLifetime
{
    private const string Secret = "0123456789abcdef";

    private readonly TestFolder folder = new();
    private readonly WebhookServer webhook = new();
    private NodeProcess node = null!;

    [Fact]
    public async Task Should_raise_an_alert_for_a_killed_worker_keep_it_over_a_kill_of_the_node_and_resolve_it_when_the_worker_is_back()
    {
        await using (var agent = StartAgent())
        {
            await IsRegisteredAsync();
            agent.Send(Signal.Kill);
        }

        await HasAsync(AlertState.Active);
        Assert.Matches("(?m)^state +active$", await RunAsync("show", "1"));
        Assert.Matches("(?m)^state +acknowledged$", await RunAsync("ack", "1"));
        Assert.Matches("(?m)^state +active$", await RunAsync("unack", "1", "--note", "no time"));
        Assert.Matches("(?m)^note +on my way$", await RunAsync("ack", "1", "--note", "on my way"));

        await node.KillAsync();
        await node.StartAgainAsync();
        await HasAsync(AlertState.Acknowledged);

        await using var back = StartAgent();
        await HasAsync(AlertState.Resolved);
        await Eventually.HoldsAsync(
            () => Task.FromResult(webhook.Got.Any(got => got.Event == "resolved")), () => "the webhook learns that the alert is resolved");
        Assert.All(webhook.Got, got => Assert.True(got.IsSignedWith(Secret), got.Body));
        Assert.Equal(
            ["raised", "acknowledged", "changed", "acknowledged", "resolved"],
            webhook.Got.Where(got => got.Kind == "worker_lost").DistinctBy(got => got.Id).Select(got => got.Event));
        Assert.Matches("ops +yes +it answered 200", await RunAsync("test-webhook", "--webhook", "ops"));
        var alert = Assert.Single(await AlertsAsync());
        Assert.Equal(("1", "on my way", "w"), (alert.Id, alert.Note, alert.Component));
    }

    public async Task InitializeAsync()
    {
        await webhook.StartAsync();
        node = await NodeProcess.StartAsync(new()
        {
            DataFolder = Path.Combine(folder.Path, "node"),
            Config = $$"""
                {{TestConfig.Text}}
                # On a busy machine the store is slow as well, and would be the first alert.
                morag.failover.alerts { check-interval = 1s, raise-after = 0s, resolve-after = 1s, off = "store_slow" }
                morag.webhooks { ops { url = "{{webhook.Address}}", secret = {{Secret}} } }
                """,
        });
    }

    public async Task DisposeAsync()
    {
        await webhook.DisposeAsync();
        await node.DisposeAsync();
        folder.Dispose();
    }

    private RunningProgram StartAgent() => AgentProcess.Start(new()
    {
        Node = node.Address,
        WorkerId = "w",
        Capability = "cpu",
        WorkFolder = Path.Combine(folder.Path, "work"),
        Command = ["true"],
        Heartbeat = TimeSpan.FromSeconds(1),
    });

    private async Task<string> RunAsync(params string[] command)
    {
        var run = await MoragCommand.RunAsync(node.Address, ["alert", .. command]);
        Assert.True(run.ExitCode == 0, $"{run.Error}{run.Output}");
        return run.Output;
    }

    private Task IsRegisteredAsync() => Eventually.HoldsAsync(
        async () => (await node.Client.WorkersAsync()).Count == 1, () => "the agent is registered");

    private async Task<List<Alert>> AlertsAsync() =>
        [.. (await node.Client.GetAsync<Alert[]>("/alerts")).Where(alert => alert.Kind == AlertKind.WorkerLost)];

    private Task HasAsync(AlertState state) => Eventually.HoldsAsync(
        async () => await AlertsAsync() is [var alert] && alert.State == state, () => $"the alert about the worker is {state}");
}
