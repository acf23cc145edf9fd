using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Tests.Failover;

namespace Morag.Failover.Domain.Tests;

/// <summary>What was written by a clock that was ahead is kept, and counted as recent, for no longer than anything else.</summary>
public sealed class ClockSetBackSpecs
{
    private static readonly DateTimeOffset Now = Cases.Noon - TimeSpan.FromDays(365);
    private static readonly ClockSetBack SetBack = new() { At = Now };

    [Fact]
    public void Should_keep_and_count_failures_no_longer_than_their_time_when_a_coordinators_clock_was_set_back()
    {
        var decision = FailoverPolicy.Decide(Cases.Of(FailureType.ProcessingError), Cases.Defaults).Decision;
        var state = CoordinatorState.Empty
            .Apply(new FailureDecided { Decision = decision })
            .Apply(new StaleReportRecorded
            {
                TaskId = Cases.Task,
                Report = new StaleReport
                {
                    At = Cases.Noon,
                    FailureType = FailureType.ProcessingError,
                    WorkerId = Cases.A,
                    Detail = "late",
                },
            });
        Assert.True(state.IsDatedAfter(Now));

        state = state.Apply(SetBack);

        Assert.False(state.IsDatedAfter(Now));
        Assert.Equal((1, 1), (state.Tally.At(Now).RecentFailures24h, state.Count));
        Assert.Equal(0, state.Tally.At(Now.AddHours(25)).RecentFailures24h);
        var forgotten = state.ToForget(Now.AddDays(7).AddSeconds(1), Cases.Defaults.Policy)!;
        Assert.Equal((1, Now.AddSeconds(1)), (forgotten.Failures.Length, forgotten.StaleReportsBefore));
        state = state.Apply(forgotten);
        Assert.Equal((0, 0), (state.Count, state.DecisionsOf(Cases.Task).StaleReports.Length));
    }

    [Fact]
    public void Should_tell_of_a_loss_for_an_hour_when_a_directorys_clock_was_set_back()
    {
        var lost = new WorkerEntry { WorkerId = Cases.A, Revision = 1, LostAt = Cases.Noon, RegisteredAt = Cases.Noon };
        var state = DirectoryState.Empty.Apply(new WorkerEntryUpdated { Entry = lost });
        Assert.True(state.IsDatedAfter(Now));

        state = state.Apply(SetBack);

        Assert.False(state.IsDatedAfter(Now));
        Assert.Equal(Now, Assert.Single(state.Tally.Slice(0, 1, Now).RecentLosses).At);
        Assert.Empty(state.Tally.Slice(0, 1, Now.AddHours(1).AddSeconds(1)).RecentLosses);
        Assert.Equal(state.Find(Cases.A), DirectoryState.FromParts([.. state.ToParts(100_000)]).Find(Cases.A));
    }
}
