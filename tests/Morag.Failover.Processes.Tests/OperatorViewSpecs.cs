using System.Text.Json;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Processes.Tests.CommandLine;

namespace Morag.Failover.Processes.Tests;

/// <summary>What operators see over HTTP and at the command line.</summary>
public sealed class OperatorViewSpecs(CommandLineNode node) : IClassFixture<CommandLineNode>
{
    [Fact]
    public async Task Should_list_a_report_when_it_was_stale()
    {
        await RegisterAsync("late-worker");
        await node.Client.SubmitAsync([new { task_id = "late-task", queue = "cpu_standard" }]);
        var leases = await node.Client.PostAsync("/workers/late-worker/lease", new { wait_seconds = 20, request_id = "late" });
        var epoch = Assert.Single(leases.EnumerateArray()).GetProperty("epoch").GetInt64();
        await node.Client.PostAsync("/tasks/late-task/release", new { worker_id = "late-worker", epoch });

        await node.Client.PostAsync(
            "/failures",
            new
            {
                event_id = "late-event",
                task_id = "late-task",
                worker_id = "late-worker",
                epoch,
                failure_type = "processing_error",
                error_message = "too late",
            });

        var stale = Assert.Single(await node.Client.GetAsync<ListedStaleReport[]>("/failures/stale?task=late-task"));
        Assert.Equal(("late-worker", epoch), (stale.WorkerId?.Value, stale.Epoch?.Value));
        Assert.NotEmpty(stale.Detail);
        Assert.Empty(await node.Client.GetAsync<ListedStaleReport[]>("/failures/stale?task=another-task"));
        var listed = await node.RunAsync("failure", "stale", "--task", "late-task");
        Assert.Equal(0, listed.ExitCode);
        Assert.Contains("late-worker", listed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_what_would_be_decided_and_then_decide_that()
    {
        await RegisterAsync("foreseen-worker");
        await node.Client.SubmitAsync([new { task_id = "foreseen-task", queue = "cpu_standard" }]);
        var leases = await node.Client.PostAsync("/workers/foreseen-worker/lease", new { wait_seconds = 20, request_id = "foreseen" });
        var epoch = Assert.Single(leases.EnumerateArray()).GetProperty("epoch").GetInt64();

        var foreseen = await node.Client.GetAsync<FailoverDecision>("/policy/test?type=network_failure&task=foreseen-task");
        var shown = await node.RunAsync("policy", "test", "network_failure", "--task", "foreseen-task");
        Assert.Equal(0, shown.ExitCode);
        Assert.Contains("retry_same_worker", shown.Output, StringComparison.Ordinal);
        Assert.Empty(await node.Client.ExplainAsync("foreseen-task"));

        var report = new { worker_id = "foreseen-worker", epoch, failure_type = "network_failure", error_message = "cut" };
        await node.Client.PostAsync("/tasks/foreseen-task/fail", report);

        var decided = Assert.Single(await node.Client.ExplainAsync("foreseen-task"));
        Assert.Equal(
            (foreseen.SelectedAction.Strategy, foreseen.DecisionMetadata.Rule, foreseen.FailureEvent.WorkerId),
            (decided.SelectedAction.Strategy, decided.DecisionMetadata.Rule, decided.FailureEvent.WorkerId));
        var rules = await node.RunAsync("policy", "show");
        Assert.Contains("network_failure", rules.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_show_tags_when_a_worker_registered_with_them()
    {
        await RegisterAsync("tagged-worker");

        var shown = await node.Client.GetAsync<JsonElement>("/workers/tagged-worker");

        var tags = shown.GetProperty("registration").GetProperty("tags").EnumerateObject().Select(tag => (tag.Name, tag.Value.GetString()));
        Assert.Equal([("owner", "ann"), ("site", "home")], tags.OrderBy(tag => tag.Name, StringComparer.Ordinal));
    }

    private Task<JsonElement> RegisterAsync(string worker) => node.Client.PostAsync(
        "/workers/register",
        new { registration = new { worker_id = worker, capability = "cpu", tags = new { site = "home", owner = "ann" } } });
}
