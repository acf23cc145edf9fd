using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>A worker comes, drains, goes missing, is declared offline, comes back and leaves.</summary>
public static class WorkerMembership
{
    /// <summary>The most fences that may be owed: beyond it a partition is out of reach, and a worker that keeps restarting has to wait.</summary>
    public const int MaxOwedFences = 64;

    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(WorkerLimits.MaxDrainSeconds);

    /// <summary>Why a call of the worker itself is refused: it is not registered, or another instance took its place. Null where it is not.</summary>
    public static Refused? RefusedCall(WorkerState state, InstanceId? instance)
    {
        if (state.Registration is not { } registration)
        {
            return Refused.Unknown($"the worker '{state.WorkerId}' is not registered");
        }

        return registration.InstanceId is { } registered && instance is { } calling && calling != registered
            ? Refused.Conflict($"the instance '{calling}' of the worker '{state.WorkerId}' is not the registered one, which is '{registered}'")
            : null;
    }

    /// <summary>
    /// Registers or renews. A new instance proves that the old one is gone, whether it was missed yet or not. <paramref name="loss"/>
    /// names that loss; <paramref name="holding"/> says whether leases are held as far as is known.
    /// </summary>
    public static Decision<IWireMessage> Register(
        WorkerState state, WorkerRegistration registration, bool holding, LossId loss, DateTimeOffset silentSince, QueueSettings queues, DateTimeOffset now)
    {
        if (RegistrationRules.Broken(registration, queues) is { } broken)
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
                return Decision.Unchanged<IWireMessage>(Refused.Unavailable("the queues have not yet taken back what earlier instances of this worker held; ask again"));
            }

            message = $"replaced the instance '{old!.InstanceId}'";
            fence = NextFence(state, FenceKind.Proven, silentSince, $"the worker restarted: the instance '{registration.InstanceId}' registered") with
            {
                LossId = state.LossId ?? loss,
                Planned = state.IsDraining,
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

    /// <summary>A sign of life: ends suspicion, and a loss by silence. Null where there is nothing to end.</summary>
    public static IStoredEvent? Heard(WorkerState state, DateTimeOffset now) => state switch
    {
        { Registration: null } => null,
        { Liveness: Liveness.Suspect } => new WorkerHeardAgain { At = now },
        { OfflineCause: OfflineCause.Missing } => new WorkerHeardAgain
        {
            At = now,
            Fence = NextFence(state, FenceKind.Lifted, now, "the worker was heard of again"),
        },
        _ => null,
    };

    /// <summary>What a status that the worker says of itself changes. Null where nothing.</summary>
    public static IStoredEvent? Said(WorkerState state, WorkerStatus status, DateTimeOffset now)
    {
        var said = status is WorkerStatus.Busy || !Enum.IsDefined(status) ? WorkerStatus.Online : status;
        if (said == state.SaidStatus)
        {
            return null;
        }

        var fence = (said, state.OfflineCause) switch
        {
            (_, OfflineCause.Operator) => null,
            (WorkerStatus.Offline, _) => NextFence(state, FenceKind.Returned, now, "the worker says that it is offline"),
            (_, OfflineCause.Self) => NextFence(state, FenceKind.Lifted, now, "the worker says that it is back"),
            _ => null,
        };
        return new WorkerStatusSaid { At = now, Status = said, Fence = fence };
    }

    /// <summary>What a verdict on the worker's liveness changes. Null where nothing.</summary>
    public static IStoredEvent? Judged(
        WorkerState state, LivenessVerdict verdict, bool holding, LossId loss, DateTimeOffset silentSince, DateTimeOffset now) => verdict.Liveness switch
        {
            Liveness.Offline when state.Liveness != Liveness.Offline => new WorkerLost
            {
                At = now,
                Fence = NextFence(state, FenceKind.Lost, silentSince, verdict.Reason) with { LossId = loss, Planned = state.IsDraining },
                LostWork = holding && !state.IsDraining,
            },
            Liveness.Suspect when state.Liveness == Liveness.Alive => new WorkerSuspected { At = now, Reason = verdict.Reason },
            _ => null,
        };

    /// <summary>An operator drains the worker.</summary>
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

        return new(new WorkerDrained { At = now, Reason = command.Reason, Deadline = now + command.Deadline, Within = command.Deadline }, Done.Instance);
    }

    /// <summary>Takes back what is still held when a drain's deadline passed. Null where none did.</summary>
    public static IStoredEvent? DrainDue(WorkerState state, DateTimeOffset now) =>
        state is { IsRegistered: true, Drain: { DeadlinePassed: false, Deadline: { } deadline } drain } && deadline <= now
            ? new WorkerDrainDeadlinePassed
            {
                At = now,
                Fence = NextFence(state, FenceKind.Returned, now, $"the drain's deadline passed ({drain.Reason})"),
            }
            : null;

    /// <summary>An operator ends a drain or an offline.</summary>
    public static Decision<IWireMessage> Resume(WorkerState state, DateTimeOffset now)
    {
        if (!state.IsRegistered)
        {
            return Decision.Unchanged<IWireMessage>(NotRegistered(state));
        }

        if (state.OfflineCause == OfflineCause.Operator)
        {
            return new(new WorkerResumed { At = now, Fence = NextFence(state, FenceKind.Lifted, now, "an operator resumed the worker") }, Done.Instance);
        }

        return state.Drain is null ? Decision.Unchanged<IWireMessage>(Done.Instance) : new(new WorkerResumed { At = now }, Done.Instance);
    }

    /// <summary>
    /// An operator declares the worker offline. Over a loss by silence it proves that loss, which stays one; the same again answers
    /// the same.
    /// </summary>
    public static Decision<IWireMessage> TakeOffline(
        WorkerState state, TakeWorkerOffline command, ImmutableArray<HeldLease> held, LossId loss, DateTimeOffset silentSince, DateTimeOffset now)
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
                Planned = state.IsDraining,
            },
            LostWork = !held.IsEmpty && !state.IsDraining && state.OfflineCause == OfflineCause.None,
        };
        return new(offline, reply);
    }

    /// <summary>The worker leaves for good.</summary>
    public static Decision<IWireMessage> Unregister(WorkerState state, DateTimeOffset now) => state.IsRegistered
        ? new(
            new WorkerUnregistered
            {
                At = now,
                Fence = NextFence(state, FenceKind.Returned, now, "the worker unregistered") with { InstanceId = null },
            },
            Done.Instance)
        : Decision.Unchanged<IWireMessage>(NotRegistered(state));

    /// <summary>The refusal of what needs a registered worker.</summary>
    public static Refused NotRegistered(WorkerState state) =>
        Refused.Unknown(string.Create(CultureInfo.InvariantCulture, $"there is no worker '{state.WorkerId}'"));

    private static OwedFence NextFence(WorkerState state, FenceKind kind, DateTimeOffset silentSince, string reason) => new()
    {
        Number = state.LastFence + 1,
        Kind = kind,
        InstanceId = state.Registration?.InstanceId,
        SilentSince = silentSince,
        Reason = reason,
    };
}
