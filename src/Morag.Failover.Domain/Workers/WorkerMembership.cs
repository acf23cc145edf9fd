using System.Globalization;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>Decides how a worker registers, drains, is lost, is declared offline, comes back and unregisters.</summary>
public static class WorkerMembership
{
    /// <summary>The most unacknowledged fences. When a partition is unreachable, a worker that keeps restarting must wait.</summary>
    public const int MaxOwedFences = 64;

    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(WorkerLimits.MaxDrainSeconds);

    /// <summary>
    /// Why a call of the worker is rejected: it is not registered, or another instance replaced it. Null if the call is valid.
    /// </summary>
    public static Refused? RefuseCall(WorkerState state, InstanceId? instance)
    {
        if (state.Registration is not { } registration)
        {
            return Refused.Unknown($"the worker '{state.WorkerId}' is not registered");
        }

        return registration.InstanceId is { } registered && instance is { } calling && calling != registered
            ? Refused.Conflict(
                $"the instance '{calling}' of the worker '{state.WorkerId}' was replaced by '{registered}'. Stop this process.")
            : null;
    }

    /// <summary>
    /// Registers a worker or renews its registration. A new instance proves that the old one is gone. <paramref name="loss"/> is the id of
    /// that loss; <paramref name="holding"/> tells whether the worker is known to hold leases.
    /// </summary>
    public static Decision<IWireMessage> Register(
        WorkerState state,
        WorkerRegistration registration,
        bool holding,
        LossId loss,
        DateTimeOffset silentSince,
        QueueSettings queues,
        DateTimeOffset now)
    {
        if (RegistrationRules.Refusal(registration, queues) is { } broken)
        {
            return Decision.Unchanged<IWireMessage>(broken);
        }

        var old = state.Registration;
        OwedFence? fence = null;
        var message = old is null ? "registered" : "renewed";
        var replaced = old?.InstanceId is { } oldInstance && registration.InstanceId is { } newInstance && oldInstance != newInstance;
        if (replaced)
        {
            if (state.Fences.Length >= MaxOwedFences)
            {
                return Decision.Unchanged<IWireMessage>(
                    Refused.Unavailable("the queues have not yet taken back the leases of earlier instances of this worker. Retry later."));
            }

            message = $"replaced the instance '{old!.InstanceId}'";
            fence = NextFence(
                state, FenceKind.Proven, silentSince, $"the worker restarted: the instance '{registration.InstanceId}' registered") with
            {
                LossId = state.LossId ?? loss,
                Blame = BlameOf(state, state.LossBlame),
            };
        }
        else if (old is not null && state.Liveness == Liveness.Offline)
        {
            message = "renewed; it is back";
            fence = NextFence(state, FenceKind.Lifted, silentSince, "the worker registered again");
        }

        var registered = new WorkerRegistered
        {
            Registration = registration,
            At = now,
            Fence = fence,
            LostWork = replaced && holding && !state.IsDraining && state.OfflineCause == OfflineCause.None,
        };
        return new(registered, new WorkerRegisteredReply { WorkerId = state.WorkerId, Message = message });
    }

    /// <summary>Ends a suspicion, or a loss by silence, after a sign of life. Null if there is none.</summary>
    public static IStoredEvent? EndSuspicion(WorkerState state, DateTimeOffset now) => state switch
    {
        { Registration: null } => null,
        { Liveness: Liveness.Suspect } => new WorkerRecovered { At = now },
        { OfflineCause: OfflineCause.Missing } => new WorkerRecovered
        {
            At = now,
            Fence = NextFence(state, FenceKind.Lifted, now, "the worker sent a sign of life"),
        },
        _ => null,
    };

    /// <summary>Records the status that a worker reports. Null if it did not change.</summary>
    public static IStoredEvent? ReportStatus(WorkerState state, WorkerStatus status, DateTimeOffset now)
    {
        var said = status is WorkerStatus.Busy || !Enum.IsDefined(status) ? WorkerStatus.Online : status;
        if (said == state.ReportedStatus)
        {
            return null;
        }

        var fence = (said, state.OfflineCause) switch
        {
            (_, OfflineCause.Operator) => null,
            (WorkerStatus.Offline, _) => NextFence(state, FenceKind.Returned, now, "the worker reported that it goes offline"),
            (_, OfflineCause.Self) => NextFence(state, FenceKind.Lifted, now, "the worker reported that it is back"),
            _ => null,
        };
        return new WorkerStatusReported { At = now, Status = said, Fence = fence };
    }

    /// <summary>Applies a verdict on the worker's liveness. Null if nothing changes.</summary>
    public static IStoredEvent? ApplyVerdict(
        WorkerState state, LivenessVerdict verdict, bool holding, LossId loss, DateTimeOffset silentSince, DateTimeOffset now) =>
        verdict.Liveness switch
        {
            Liveness.Offline when state.Liveness != Liveness.Offline && BlameOf(state, verdict.Blame) is var blame => new WorkerLost
            {
                At = now,
                Fence = NextFence(state, FenceKind.Lost, silentSince, verdict.Reason) with { LossId = loss, Blame = blame },
                LostWork = holding && blame == LossBlame.Worker,
            },
            Liveness.Suspect when state.Liveness == Liveness.Alive => new WorkerSuspected { At = now, Reason = verdict.Reason },
            _ => null,
        };

    /// <summary>Drains the worker for an operator.</summary>
    public static Decision<IWireMessage> Drain(WorkerState state, DrainWorker command, DateTimeOffset now)
    {
        if (!state.IsRegistered)
        {
            return Decision.Unchanged<IWireMessage>(NotRegistered(state));
        }

        if (command.Deadline is { } deadline && (deadline < TimeSpan.Zero || deadline > LongestDrain))
        {
            return Decision.Unchanged<IWireMessage>(Refused.Invalid("deadline_seconds", $"must be 0 to {WorkerLimits.MaxDrainSeconds}"));
        }

        var drained = new WorkerDrained { At = now, Reason = command.Reason, Deadline = now + command.Deadline, Within = command.Deadline };
        var audit = WorkerAudit.OfMembership(state, drained, AuditAction.WorkerDrain, command.By, command.Reason, now);
        return new(drained with { Audit = audit }, Done.Instance);
    }

    /// <summary>Gives back the leases still held when the deadline of a drain has passed. Null if it has not.</summary>
    public static IStoredEvent? ExpireDrain(WorkerState state, DateTimeOffset now) =>
        state is { IsRegistered: true, Drain: { DeadlinePassed: false, Deadline: { } deadline } drain } && deadline <= now
            ? new WorkerDrainDeadlinePassed
            {
                At = now,
                Fence = NextFence(state, FenceKind.Returned, now, $"the drain's deadline passed ({drain.Reason})"),
            }
            : null;

    /// <summary>Ends a drain, or an offline declared by an operator.</summary>
    public static Decision<IWireMessage> Resume(WorkerState state, ResumeWorker command, DateTimeOffset now)
    {
        if (!state.IsRegistered)
        {
            return Decision.Unchanged<IWireMessage>(NotRegistered(state));
        }

        if (state.OfflineCause == OfflineCause.Operator)
        {
            var fence = NextFence(state, FenceKind.Lifted, now, "an operator resumed the worker");
            return Resumed(new WorkerResumed { At = now, Fence = fence });
        }

        return state.Drain is null ? Decision.Unchanged<IWireMessage>(Done.Instance) : Resumed(new WorkerResumed { At = now });

        Decision<IWireMessage> Resumed(WorkerResumed resumed) => new(
            resumed with { Audit = WorkerAudit.OfMembership(state, resumed, AuditAction.WorkerResume, command.By, "", now) },
            Done.Instance);
    }

    /// <summary>
    /// Declares the worker offline for an operator. If the worker is already lost by silence, this confirms the same loss. A repeated call
    /// gets the same reply.
    /// </summary>
    public static Decision<IWireMessage> TakeOffline(
        WorkerState state,
        TakeWorkerOffline command,
        ImmutableArray<HeldLease> held,
        LossId loss,
        DateTimeOffset silentSince,
        DateTimeOffset now)
    {
        if (!state.IsRegistered)
        {
            return Decision.Unchanged<IWireMessage>(NotRegistered(state));
        }

        var reply = new WorkerTakenOffline { WorkerId = state.WorkerId, LossId = state.LossId ?? loss, Leases = held };
        if (state.OfflineCause == OfflineCause.Operator)
        {
            return Decision.Unchanged<IWireMessage>(reply);
        }

        var offline = new WorkerDeclaredOffline
        {
            At = now,
            Fence = NextFence(state, FenceKind.Proven, silentSince, $"an operator declared the worker offline ({command.Reason})") with
            {
                LossId = reply.LossId,
                Blame = BlameOf(state, state.LossBlame),
            },
            LostWork = !held.IsEmpty && !state.IsDraining && state.OfflineCause == OfflineCause.None,
        };
        var audit = WorkerAudit.OfMembership(state, offline, AuditAction.WorkerOffline, command.By, command.Reason, now);
        return new(offline with { Audit = audit }, reply);
    }

    /// <summary>Unregisters the worker, unless the instance that leaves was replaced.</summary>
    public static Decision<IWireMessage> Unregister(WorkerState state, UnregisterWorker command, DateTimeOffset now)
    {
        if (!state.IsRegistered)
        {
            return Decision.Unchanged<IWireMessage>(NotRegistered(state));
        }

        if (RefuseCall(state, command.InstanceId) is { } replaced)
        {
            return Decision.Unchanged<IWireMessage>(replaced);
        }

        var left = new WorkerUnregistered
        {
            At = now,
            Fence = NextFence(state, FenceKind.Returned, now, "the worker unregistered") with { InstanceId = null },
        };

        // A call that names an instance comes from the worker itself.
        return command.InstanceId is not null
            ? new(left, Done.Instance)
            : new(
                left with { Audit = WorkerAudit.OfMembership(state, left, AuditAction.WorkerUnregister, command.By, "", now) },
                Done.Instance);
    }

    /// <summary>The refusal of a call that needs a registered worker.</summary>
    public static Refused NotRegistered(WorkerState state) =>
        Refused.Unknown(string.Create(CultureInfo.InvariantCulture, $"there is no worker '{state.WorkerId}'"));

    /// <summary>A loss while the worker drains is planned, whoever observed it.</summary>
    private static LossBlame BlameOf(WorkerState state, LossBlame observed) => state.IsDraining ? LossBlame.Planned : observed;

    private static OwedFence NextFence(WorkerState state, FenceKind kind, DateTimeOffset silentSince, string reason) => new()
    {
        Number = state.LastFence + 1,
        Kind = kind,
        InstanceId = state.Registration?.InstanceId,
        SilentSince = silentSince,
        Reason = reason,
    };
}
