using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>Which failure a report is about: a decided one, an open one, a new one, or none because the report is stale.</summary>
public static class ReportMatcher
{
    /// <summary>
    /// Answers a report from what the coordinator knows. Null when the queue must first say what the report is about.
    /// </summary>
    /// <param name="state">The state of the coordinator.</param>
    /// <param name="report">The report.</param>
    /// <param name="inProgress">The reports and failures that are not answered yet.</param>
    /// <param name="settings">The settings of the policy.</param>
    public static Decision<IWireMessage>? Answer(CoordinatorState state, ReportFailure report, int inProgress, PolicySettings settings)
    {
        if (ReportRules.Broken(report) is { } broken)
        {
            return Decision.Unchanged<IWireMessage>(broken);
        }

        if (FindByName(state, report) is { } known)
        {
            return Attach(state, known, report.EventId);
        }

        return inProgress < settings.MaxInProgress ? null : Decision.Unchanged<IWireMessage>(Refused.LimitReached(string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.MaxInProgress:N0} failures are being decided already. Report this one again in a moment, "
            + $"or raise morag.failover.policy.max-in-progress")));
    }

    /// <summary>Matches a report with a failure, once the queue has said what became of the lease.</summary>
    /// <param name="state">The state of the coordinator.</param>
    /// <param name="open">The failures whose decisions are not made yet.</param>
    /// <param name="report">The report.</param>
    /// <param name="reply">What the queue knows of the lease.</param>
    /// <param name="newId">The id for the failure of a task that no queue holds, if the report has no event id.</param>
    /// <param name="now">The current time.</param>
    public static ReportMatch Match(
        CoordinatorState state, OpenFailures open, ReportFailure report, EndLeaseReply reply, FailureId newId, DateTimeOffset now)
    {
        switch (reply.Ending)
        {
            case EndLeaseResult.Ended when reply.Failure is { } lease:
                return MatchKnown(state, open, lease.FailureId, report) ?? Begin(OpenFailure.OfLease(lease), report);
            case EndLeaseResult.EndedBefore when reply.FailureId is { } id && MatchKnown(state, open, id, report) is { } known:
                return known;
            case EndLeaseResult.EndedBefore:
                return RecordStale(report, "its failure was decided earlier, and the decision is no longer kept", now);
            case EndLeaseResult.NotHeld when report.Source != ReportSource.LeaseHolder:
                var reported = report.EventId is { } name ? FailureIds.OfReport(report.TaskId, name) : newId;
                return MatchKnown(state, open, reported, report) ?? Begin(OpenFailure.OfReport(reported, report, now), report);
            case EndLeaseResult.NotHeld:
                return RecordStale(report, "no queue here holds the task", now);
            case EndLeaseResult.Ended:
            case EndLeaseResult.Stale:
                return RecordStale(report, reply.Detail, now);
            default:
                throw new ArgumentOutOfRangeException(nameof(reply), reply.Ending, "the queue gave an answer that is not known");
        }
    }

    /// <summary>An event id that was used before names the same failure, unless the report is about another lease.</summary>
    private static KeptFailure? FindByName(CoordinatorState state, ReportFailure report) =>
        report.EventId is { } name
        && state.Named(report.TaskId, name) is { } known
        && (report.Epoch is not { } epoch || known.Decision.DecisionMetadata.Epoch == epoch)
            ? known
            : null;

    private static ReportMatch? MatchKnown(CoordinatorState state, OpenFailures open, FailureId id, ReportFailure report) =>
        state.Find(id) is { } decided ? new ReportMatch { Answer = Attach(state, decided, report.EventId) }
        : open.Find(id) is { } inProgress ? new ReportMatch { Failure = inProgress.Join(report.EventId) }
        : null;

    private static ReportMatch Begin(OpenFailure failure, ReportFailure report) =>
        new() { Failure = failure.WithName(report.EventId), IsNew = true };

    /// <summary>Answers a report of a decided failure with that decision, and counts it up to a limit.</summary>
    private static Decision<IWireMessage> Attach(CoordinatorState state, KeptFailure known, EventId? name)
    {
        if (!CoordinatorState.IsWorthRecording(known, name))
        {
            return Decision.Unchanged<IWireMessage>(known.Decision);
        }

        var attached = new ReportAttached { FailureId = known.Id, Name = CoordinatorState.NewName(known, name) };
        return new(attached, state.Apply(attached).Find(known.Id)!.Decision);
    }

    private static ReportMatch RecordStale(ReportFailure report, string detail, DateTimeOffset now) => new()
    {
        Answer = new(
            new StaleReportRecorded
            {
                TaskId = report.TaskId,
                Report = new StaleReport
                {
                    At = now,
                    FailureType = report.FailureType,
                    WorkerId = report.WorkerId,
                    Epoch = report.Epoch,
                    Detail = detail,
                },
            },
            new FailureStale { TaskId = report.TaskId, Detail = detail }),
    };
}

/// <summary>What a report turned out to be about: it has either an answer or a failure.</summary>
public readonly record struct ReportMatch
{
    /// <summary>The answer to the reporter; null when the failure has to be decided first.</summary>
    public Decision<IWireMessage>? Answer { get; init; }

    /// <summary>The open failure with this report; null when the report is answered.</summary>
    public OpenFailure? Failure { get; init; }

    /// <summary>Whether this report opened the failure.</summary>
    public bool IsNew { get; init; }
}
