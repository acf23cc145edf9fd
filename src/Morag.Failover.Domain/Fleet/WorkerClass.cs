using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>What <see cref="FleetTally.Census"/> counts registered workers by.</summary>
/// <param name="Capability">Their capability.</param>
/// <param name="Liveness">Their liveness.</param>
/// <param name="Draining">Whether they are draining.</param>
/// <param name="Breaker">The state of their breakers.</param>
public readonly record struct WorkerClass(WorkerCapability Capability, Liveness Liveness, bool Draining, BreakerState Breaker)
{
    /// <summary>The class of a registered worker.</summary>
    public static WorkerClass Of(WorkerEntry entry) =>
        new(entry.Registration!.Capability, entry.Liveness, entry.Draining, entry.BreakerState);
}
