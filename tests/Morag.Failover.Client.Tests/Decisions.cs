using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client.Tests;

/// <summary>Decisions as a cluster could make them.</summary>
internal static class Decisions
{
    public static FailoverDecision Of(ReportFailure report) => new()
    {
        TaskId = report.TaskId,
        FailureEvent = new FailureEvent
        {
            EventId = report.EventId ?? new EventId("none"),
            TaskId = report.TaskId,
            FailureType = report.FailureType,
        },
        SelectedAction = new FailoverAction { Strategy = FailoverStrategy.ReassignSameQueue, Reason = "first failure of the task" },
    };
}
