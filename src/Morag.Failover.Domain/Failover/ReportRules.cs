using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>The rules for reports of failures.</summary>
public static class ReportRules
{
    /// <summary>The first rule that the report breaks, or null.</summary>
    public static Refused? Broken(ReportFailure report)
    {
        if (!Identifier.IsValid(report.TaskId.Value))
        {
            return Refused.Invalid("task_id", "must be " + Identifier.Rule);
        }

        if (report.EventId is { } name && !Identifier.IsValid(name.Value))
        {
            return Refused.Invalid("event_id", "must be " + Identifier.Rule);
        }

        if (report.WorkerId is { } worker && !Identifier.IsValid(worker.Value))
        {
            return Refused.Invalid("worker_id", "must be " + Identifier.Rule);
        }

        if (report.Epoch is { Value: < 1 })
        {
            return Refused.Invalid("epoch", "must be 1 or more");
        }

        if (!Enum.IsDefined(report.FailureType))
        {
            return Refused.Invalid("failure_type", "must be one of " + string.Join(", ", WireName.All<FailureType>()));
        }

        if (TextBytes.BrokenRule(report.ErrorMessage, FailureLimits.MaxErrorMessageBytes) is { } textRule)
        {
            return Refused.Invalid("error_message", textRule);
        }

        return report.Context.BrokenObjectRule(FailureLimits.MaxContextBytes) is { } rule ? Refused.Invalid("context", rule) : null;
    }
}
