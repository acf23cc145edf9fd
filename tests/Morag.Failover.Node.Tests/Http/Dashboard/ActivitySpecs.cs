using Microsoft.Extensions.DependencyInjection;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Node.Http.Dashboard;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>What the charts count, and when open pages are told to load themselves again.</summary>
public sealed class ActivitySpecs
{
    private static readonly DateTimeOffset Start = GoodOwners.Time;

    [Fact]
    public void Should_signal_a_change_at_once_and_the_passing_of_time_every_ten_seconds()
    {
        var signal = new ChangeSignal();

        Assert.True(signal.IsDue(hasChanged: true, Start));
        Assert.False(signal.IsDue(hasChanged: false, Start + TimeSpan.FromSeconds(9)));
        Assert.True(signal.IsDue(hasChanged: false, Start + TimeSpan.FromSeconds(10)));
        Assert.False(signal.IsDue(hasChanged: false, Start + TimeSpan.FromSeconds(19)));
        Assert.True(signal.IsDue(hasChanged: true, Start + TimeSpan.FromSeconds(19)));
    }

    [Fact]
    public void Should_count_a_failure_around_the_start_once_although_it_is_stored_and_announced()
    {
        var early = new EarlyDecisions(Start);
        var decision = Decision(Start - TimeSpan.FromSeconds(2), Start + TimeSpan.FromSeconds(1));

        Assert.True(early.IsNew(decision));
        Assert.False(early.IsNew(decision));
    }

    [Fact]
    public async Task Should_chart_the_time_from_a_failure_until_the_task_is_leased_again()
    {
        await using var http = await HttpNode.Start();
        var recorder = http.App.Services.GetRequiredService<ActivityRecorder>();
        await recorder.StartAsync(CancellationToken.None);

        await Eventually.IsTrue(async () =>
        {
            // What happens before the record of the node begins is not in it.
            var now = http.App.Services.GetRequiredService<SteadyClock>().GetUtcNow();
            http.System.EventStream.Publish(new TaskRecovered { TaskId = new("t-1"), FailedAt = now - TimeSpan.FromSeconds(95), At = now });
            return (await http.GetPage("/")).Html.Contains("longest <b>1 min 35 s</b>", StringComparison.Ordinal);
        });
        await recorder.StopAsync(CancellationToken.None);
    }

    private static FailoverDecision Decision(DateTimeOffset failed, DateTimeOffset decided)
    {
        var decision = GoodOwners.Decision("t-1", failed);
        return decision with { DecisionMetadata = decision.DecisionMetadata with { DecidedAt = decided } };
    }
}
