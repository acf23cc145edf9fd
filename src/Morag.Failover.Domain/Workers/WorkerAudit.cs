using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>The audit entries of operators' actions on a worker.</summary>
internal static class WorkerAudit
{
    /// <summary>The entry of an action on the membership of a worker.</summary>
    public static AuditEntry OfMembership(
        WorkerState before, IStoredEvent @event, AuditAction action, string? by, string reason, DateTimeOffset now) => new()
        {
            At = now,
            By = by ?? OperatorChange.Nobody,
            Action = action,
            Target = before.WorkerId.Value,
            Reason = reason,
            Before = Membership(before),
            After = Membership(before.Apply(@event)),
        };

    /// <summary>The entry of an action on the breaker of a worker.</summary>
    public static AuditEntry OfBreaker(WorkerState before, WorkerBreaker after, SetBreaker command, DateTimeOffset now) => new()
    {
        At = now,
        By = command.By ?? OperatorChange.Nobody,
        Action = command.Action switch
        {
            BreakerAction.Open => AuditAction.BreakerOpen,
            BreakerAction.Close => AuditAction.BreakerClose,
            BreakerAction.Reset => AuditAction.BreakerReset,
            _ => throw new ArgumentOutOfRangeException(nameof(command), command.Action, "There is no such action."),
        },
        Target = before.WorkerId.Value,
        Reason = command.Reason,
        Before = Breaker(before.Breaker),
        After = Breaker(after),
    };

    private static string Membership(WorkerState state) =>
        !state.IsRegistered ? "not registered"
        : state is { Liveness: Liveness.Offline } ? state.OfflineCause == OfflineCause.Operator ? "declared offline" : "offline"
        : state.Drain is { } drain ? $"draining: {drain.Reason}"
        : WireName.Of(state.Status);

    private static string Breaker(WorkerBreaker breaker) =>
        breaker.Reason is { Length: > 0 } reason ? $"{WireName.Of(breaker.State)}: {reason}" : WireName.Of(breaker.State);
}
