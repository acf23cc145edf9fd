using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>The live events and session signals of a durable event.</summary>
public static class WorkerAnnouncements
{
    private const string Registered = "registered";
    private const string Renewed = "renewed";
    private const string Suspect = "suspect";
    private const string Back = "back";
    private const string Lost = "lost";
    private const string Offline = "offline";
    private const string StatusChanged = "status";
    private const string Draining = "draining";
    private const string DrainDeadlinePassed = "drain_deadline_passed";
    private const string Resumed = "resumed";
    private const string Unregistered = "unregistered";

    /// <summary>What the live events of workers say happened: every value of <see cref="WorkerChanged.What"/>.</summary>
    public static ImmutableArray<string> Changes { get; } =
    [
        Registered, Renewed, Suspect, Back, Lost, Offline, StatusChanged, Draining, DrainDeadlinePassed, Resumed, Unregistered,
    ];

    /// <summary>The live event of a change to the worker; null for other events.</summary>
    public static WorkerChanged? Change(WorkerState before, IStoredEvent @event) => @event switch
    {
        WorkerRegistered registered =>
            Changed(before, before.IsRegistered ? Renewed : Registered, registered.Fence?.Reason, registered.At),
        WorkerSuspected suspected => Changed(before, Suspect, suspected.Reason, suspected.At),
        WorkerRecovered heard => Changed(before, Back, null, heard.At),
        WorkerLost lost => Changed(before, Lost, lost.Fence.Reason, lost.At),
        WorkerDeclaredOffline offline => Changed(before, Offline, offline.Fence.Reason, offline.At),
        WorkerStatusReported said => Changed(before, StatusChanged, Word(said.Status), said.At),
        WorkerDrained drained => Changed(before, Draining, drained.Reason, drained.At),
        WorkerDrainDeadlinePassed passed => Changed(before, DrainDeadlinePassed, passed.Fence.Reason, passed.At),
        WorkerResumed resumed => Changed(before, Resumed, null, resumed.At),
        WorkerUnregistered left => Changed(before, Unregistered, null, left.At),
        _ => null,
    };

    /// <summary>The live event of a change to the breaker; null if it did not change.</summary>
    public static BreakerChanged? Breaker(WorkerState before, WorkerState after, DateTimeOffset now) =>
        before.Breaker.State == after.Breaker.State && before.Breaker.Cause == after.Breaker.Cause ? null : new BreakerChanged
        {
            WorkerId = after.WorkerId,
            State = after.Breaker.State,
            Reason = after.Breaker.Reason ?? "",
            At = now,
            Until = after.Breaker.Until,
        };

    /// <summary>The signal for the worker's session; null if there is none.</summary>
    public static ISessionSignal? Signal(WorkerState before, IStoredEvent @event, WorkerState after) => @event switch
    {
        WorkerDrained drained => new DrainSignal { Reason = drained.Reason, Deadline = drained.Deadline },
        WorkerResumed => new ResumeSignal(),
        _ when before.Breaker.State != after.Breaker.State =>
            new BreakerSignal { State = after.Breaker.State, Until = after.Breaker.Until },
        _ => null,
    };

    private static WorkerChanged Changed(WorkerState state, string what, string? detail, DateTimeOffset at) =>
        new() { WorkerId = state.WorkerId, What = what, Detail = detail, At = at };

    private static string Word(WorkerStatus status) => status switch
    {
        WorkerStatus.Online or WorkerStatus.Busy => "online",
        WorkerStatus.Offline => "offline",
        WorkerStatus.Error => "error",
        WorkerStatus.Maintenance => "maintenance",
        _ => "unknown",
    };
}
