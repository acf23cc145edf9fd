using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>The calls with which an instance of a worker begins to work. Each is one attempt.</summary>
internal interface IInstanceCalls
{
    /// <summary>What the instance registers as.</summary>
    WorkerRegistration Registration { get; }

    /// <summary>
    /// Another instance that is registered under the worker's id, unless it is offline or known to have ended. Null if there is none.
    /// </summary>
    /// <exception cref="MoragException">The call failed.</exception>
    Task<OtherInstance?> FindOtherAsync(CancellationToken cancellation);

    /// <summary>Registers the instance.</summary>
    /// <exception cref="MoragException">The call failed.</exception>
    Task RegisterAsync(CancellationToken cancellation);

    /// <summary>Requests leases. The same <paramref name="request"/> id gets the same leases, so a lost answer loses none.</summary>
    /// <exception cref="MoragException">The call failed.</exception>
    Task<ReceivedLeases> LeaseAsync(int maxTasks, TimeSpan wait, RequestId request, CancellationToken cancellation);
}

/// <summary>Another instance of a worker.</summary>
/// <param name="Instance">Its id.</param>
/// <param name="Host">The name of its machine; empty if it is not known.</param>
/// <param name="LastHeartbeat">Its last sign of life; null if there was none.</param>
/// <param name="HeartbeatIntervalSeconds">The time between its heartbeats; null if it announced none.</param>
internal sealed record OtherInstance(InstanceId Instance, string Host, DateTimeOffset? LastHeartbeat, double? HeartbeatIntervalSeconds);

/// <summary>The granted leases, and those that cannot be read.</summary>
internal sealed record ReceivedLeases(IReadOnlyList<LeasedTask> Leases, IReadOnlyList<UnreadableLease> Unreadable);

/// <summary>A lease that cannot be read. Its key is null if that cannot be read either.</summary>
internal sealed record UnreadableLease(LeaseKey? Key, string Problem);

/// <summary>Where leases go.</summary>
internal interface ILeaseTarget
{
    /// <summary>Starts the work. Does nothing if it is running, because an answer was repeated.</summary>
    void Start(LeasedTask lease);

    /// <summary>Gives up a lease that cannot be read.</summary>
    void RejectUnreadable(UnreadableLease lease);
}
