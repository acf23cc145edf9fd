using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>A worker's state to and from its snapshot.</summary>
public static class WorkerSnapshotMapping
{
    /// <summary>The state as it is stored.</summary>
    public static WorkerSnapshot ToSnapshot(WorkerState state) => new()
    {
        WorkerId = state.WorkerId,
        Registration = state.Registration,
        RegisteredAt = state.RegisteredAt,
        Unregistered = state.Unregistered,
        Liveness = state.Liveness,
        OfflineCause = state.OfflineCause,
        LossId = state.LossId,
        LossBlame = state.LossBlame,
        ReportedStatus = state.ReportedStatus,
        Drain = state.Drain,
        LostAt = state.LostAt,
        GoneSince = state.GoneSince,
        Revision = state.Revision,
        LastFence = state.LastFence,
        Fences = state.Fences,
        Breaker = state.Breaker,
        StrategyFailures = state.StrategyFailures,
        CountedBatches = [.. state.CountedBatches.Select(pair => new CountedBatch { Partition = pair.Key, Number = pair.Value })],
        Successes = state.Score.Successes,
        SuccessDuration = state.Score.SuccessDuration,
        Failures = state.Score.Failures,
        LastFailure = state.Score.LastFailure,
        Run = [.. state.Score.Run],
        OlderRun = state.Score.OlderRun,
        RecentFailures = [.. state.Score.RecentFailures.Items.Select(
            pair => new RememberedFailure { FailureId = pair.Key, LossId = pair.Value })],
        RecentLosses = [.. state.Score.RecentLosses.Items.Select(pair => new RememberedLoss { LossId = pair.Key, FailureId = pair.Value })],
        RecentSuccesses = [.. state.Score.RecentSuccesses.Items.Concat(state.Score.RecentCalls.Items).Select(pair => pair.Key)],
        Record = [.. state.Record.Entries],
        LastAudit = state.Audit.Last,
        OwedAudit = state.Audit.Owed,
    };

    /// <summary>The state that was stored.</summary>
    public static WorkerState FromSnapshot(WorkerSnapshot snapshot) => new()
    {
        WorkerId = snapshot.WorkerId,
        Registration = snapshot.Registration,
        RegisteredAt = snapshot.RegisteredAt,
        Unregistered = snapshot.Unregistered,
        Liveness = snapshot.Liveness,
        OfflineCause = snapshot.OfflineCause,
        LossId = snapshot.LossId,
        LossBlame = snapshot.LossBlame,
        ReportedStatus = snapshot.ReportedStatus,
        Drain = snapshot.Drain,
        LostAt = snapshot.LostAt,
        GoneSince = snapshot.GoneSince,
        Revision = snapshot.Revision,
        LastFence = snapshot.LastFence,
        Fences = snapshot.Fences,
        Breaker = snapshot.Breaker,
        StrategyFailures = snapshot.StrategyFailures,
        CountedBatches = snapshot.CountedBatches.ToImmutableSortedDictionary(batch => batch.Partition, batch => batch.Number),
        Score = ScoreFrom(snapshot),
        Record = new WorkRecord { Entries = [.. snapshot.Record] },
        Audit = new AuditOutbox { Last = snapshot.LastAudit, Owed = snapshot.OwedAudit },
    };

    private static ReliabilityScore ScoreFrom(WorkerSnapshot snapshot)
    {
        var failures = ReliabilityScore.Empty.RecentFailures;
        foreach (var failure in snapshot.RecentFailures)
        {
            failures = failures.Add(failure.FailureId, failure.LossId);
        }

        var losses = ReliabilityScore.Empty.RecentLosses;
        foreach (var loss in snapshot.RecentLosses)
        {
            losses = losses.Add(loss.LossId, loss.FailureId);
        }

        var score = new ReliabilityScore
        {
            Successes = snapshot.Successes,
            SuccessDuration = snapshot.SuccessDuration,
            Failures = snapshot.Failures,
            LastFailure = snapshot.LastFailure,
            Run = [.. snapshot.Run],
            OlderRun = snapshot.OlderRun,
            RecentFailures = failures,
            RecentLosses = losses,
        };
        return snapshot.RecentSuccesses.Aggregate(score, (known, name) => known.Remember(new(name)));
    }
}
