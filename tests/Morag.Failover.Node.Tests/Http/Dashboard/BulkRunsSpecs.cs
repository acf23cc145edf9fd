using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Dashboard;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>The bulk actions that a node carries out after their page was answered.</summary>
public sealed class BulkRunsSpecs : IAsyncLifetime
{
    private HttpNode http = null!;

    private BulkRuns Runs => http.App.Services.GetRequiredService<BulkRuns>();

    public async Task InitializeAsync() => http = await HttpNode.Start();

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Fact]
    public async Task Should_forget_actions_that_are_over_and_never_one_that_runs()
    {
        http.Owners.Answer = message => message is ChangeTasks { Order.Id.Value: "runs" } ? null : GoodOwners.Answer(message);
        Runs.Start(Order("runs"));
        for (var number = 0; number < 150; number++)
        {
            await EndAsync(string.Create(CultureInfo.InvariantCulture, $"b-{number}"));
        }

        Assert.False(Runs.Find(new("runs"))!.IsOver);
        Assert.Null(Runs.Find(new("b-0")));
        Assert.NotNull(Runs.Find(new("b-149")));
    }

    [Fact]
    public void Should_reject_an_action_when_too_many_run()
    {
        http.Owners.Answer = message => message is ChangeTasks ? null : GoodOwners.Answer(message);
        for (var number = 0; number < 100; number++)
        {
            Runs.Start(Order(string.Create(CultureInfo.InvariantCulture, $"b-{number}")));
        }

        Assert.Equal(409, Assert.Throws<ProblemException>(() => Runs.Start(Order("b-100"))).Problem.Status);
        Runs.Start(Order("b-7"));
        Assert.NotNull(Runs.Find(new("b-0")));
    }

    [Fact]
    public async Task Should_count_what_a_try_without_an_answer_has_changed()
    {
        var tries = 0;
        http.Owners.Answer = message => message switch
        {
            ChangeTasks { Partition: 0 } => Interlocked.Increment(ref tries) == 1
                ? Refused.Unavailable("it did not answer")
                : new TasksAffected { Count = 1 },
            ChangeTasks => new TasksAffected(),
            SearchTasks { Partition: 0, Filter: "bulk:\"b\"", Count: true, Limit: 0 } => new TaskMatches { Count = 7 },
            _ => GoodOwners.Answer(message),
        };

        await EndAsync("b");

        Assert.Equal(7, Runs.Find(new("b"))!.Changed);
    }

    private async Task EndAsync(string id)
    {
        Runs.Start(Order(id));
        await Eventually.IsTrue(() => Runs.Find(new(id))!.IsOver);
    }

    private static BulkOrder Order(string id) =>
        new() { Id = new(id), Kind = BulkKind.Cancel, Filter = "state:parked", Reason = "spec", By = "anna" };
}
